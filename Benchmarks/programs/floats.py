def mandelbrot(width, height, limit):
    inside = 0
    for py in range(height):
        y0 = py / height * 2 - 1
        for px in range(width):
            x0 = px / width * 3.5 - 2.5
            x = 0.0
            y = 0.0
            n = 0
            while x * x + y * y <= 4 and n < limit:
                x, y = x * x - y * y + x0, 2 * x * y + y0
                n += 1
            if n == limit:
                inside += 1
    return inside > 0

print(mandelbrot(240, 160, 100))
