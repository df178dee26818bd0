class Body:
    def __init__(self, x):
        self.x = x
        self.v = 1

    def step(self, dt):
        self.x += self.v * dt
        if self.x > 1000:
            self.v = -self.v

def run():
    bodies = [Body(i) for i in range(10)]
    for _ in range(240000):
        for body in bodies:
            body.step(1)
    return sum(body.x for body in bodies)

print(run())
