def run():
    total = 0
    for i in range(60000):
        line = "sensor=%d,value=%s" % (i, "x" * (i % 7))
        name, value = line.split(",")
        if name.startswith("sensor") and value.find("xx") > 0:
            total += len("-".join([name.upper(), value.replace("x", "yy")]))
        total += len(str(i)) + len("{:>8}".format(i))
    return total

print(run())
