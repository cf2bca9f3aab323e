"""Charts in SVG, written by hand: bars with marks, and curves on logarithmic axes."""
from html import escape
from math import ceil, floor, log10, log2
from statistics import median

STYLE = """<style>
text { font: 12px sans-serif; fill: #222 }
.title { font-size: 15px; font-weight: bold }
.small { font-size: 11px; fill: #555 }
.end { text-anchor: end } .middle { text-anchor: middle }
.grid { stroke: #ddd } .axis { stroke: #888 }
.bar { fill: #4477aa } .bar.low { fill: #cc6677 }
.spread { stroke: #222; stroke-width: 1.5 }
.aim { stroke: #117733; stroke-width: 3 } .floor { stroke: #ddaa33; stroke-width: 3 }
.line { stroke: #cc6677; stroke-width: 1.5; fill: none; stroke-dasharray: 5 3 }
.dot { fill: #4477aa }
</style>"""


class Drawing:
    def __init__(self, width, height):
        self.width, self.height, self.parts = width, height, []

    def text(self, x, y, words, kind=""):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}">{escape(words)}</text>')

    def line(self, x1, y1, x2, y2, kind):
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>')

    def box(self, x, y, width, height, kind):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" class="{kind}"/>')

    def dot(self, x, y):
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" class="dot"/>')

    def curve(self, points, kind):
        self.parts.append(f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}" class="{kind}"/>')

    def __str__(self):
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{self.height}" '
                f'viewBox="0 0 {self.width} {self.height}">\n{STYLE}\n'
                f'<rect width="{self.width}" height="{self.height}" fill="white"/>\n'
                + "\n".join(self.parts) + "\n</svg>\n")


def bars(results):
    """A bar a row: the median ratio on a logarithmic axis, the spread of the rounds, aim and floor."""
    rows = [row for row in results["rows"] if row["ratios"]]
    left, right, top, step = 330, 70, 74, 26
    width, height = 900, top + step * len(rows) + 40
    low = min([1, *(min(r["ratios"]) for r in rows)])
    high = max([2, *(max(r["aim"], *r["ratios"]) for r in rows)])
    first, last = floor(log2(low)), ceil(log2(high))
    drawing = Drawing(width, height)

    def at(ratio):
        return left + (width - left - right) * (log2(ratio) - first) / (last - first)

    drawing.text(20, 26, "netc is so many times as fast", "title")
    drawing.text(20, 46, "{machine}, {date}: median of {rounds} rounds".format(**results["setup"]), "small")
    for x, kind, words in ((600, "aim", "aim"), (660, "floor", "floor")):
        drawing.line(x, 16, x, 30, kind)
        drawing.text(x + 8, 27, words)
    drawing.line(730, 23, 760, 23, "spread")
    drawing.text(768, 27, "all rounds")
    for power in range(first, last + 1):
        x = at(2.0 ** power)
        drawing.line(x, top - 4, x, height - 34, "axis" if power == 0 else "grid")
        drawing.text(x, height - 18, f"{2.0 ** power:g}x", "small middle")
    for number, row in enumerate(rows):
        y, ratio = top + step * number, median(row["ratios"])
        drawing.text(left - 8, y + 14, f"{row['title']} / {row['short']}", "end")
        begin, end = sorted((at(1), at(ratio)))
        drawing.box(begin, y + 3, end - begin, step - 10, "bar" if ratio >= row["floor"] else "bar low")
        drawing.line(at(min(row["ratios"])), y + 11, at(max(row["ratios"])), y + 11, "spread")
        for kind in ("floor", "aim"):
            drawing.line(at(row[kind]), y, at(row[kind]), y + step - 4, kind)
        drawing.text(width - right + 12, y + 15, f"{ratio:.2f}x")
    return str(drawing)


def panel(drawing, x, y, width, height, series):
    """One curve: what was measured, and the line that the arithmetic predicts. Both axes are logarithmic."""
    left, bottom, top = 62, 44, 30
    points, line = series["points"], series["line"]
    xs, ys = [p[0] for p in points], [p[1] for p in points] + [p[1] for p in line]
    marks = [digit * 10.0 ** power for power in range(floor(log10(min(ys))) - 1, ceil(log10(max(ys))) + 2)
             for digit in (1, 2, 5)]
    first = max(i for i, mark in enumerate(marks) if mark < min(ys) / 1.1)
    last = min(i for i, mark in enumerate(marks) if mark > max(ys) * 1.1)
    while last - first < 3:             # no less than a factor of ten: a flat curve should look flat
        first, last = (first - 1, last) if (last - first) % 2 else (first, last + 1)
    low, high = log10(marks[first]), log10(marks[last])
    x0, x1 = log10(min(xs)), log10(max(xs))

    def across(value):
        return x + left + 8 + (width - left - 40) * (log10(value) - x0) / (x1 - x0)

    def up(value):
        return y + height - bottom - (height - bottom - top) * (log10(value) - low) / (high - low)

    drawing.text(x + left, y + 18, series["title"], "title")
    for mark in marks[first:last + 1]:
        drawing.line(x + left, up(mark), x + width - 20, up(mark), "grid")
        drawing.text(x + left - 6, up(mark) + 4, f"{mark:g}", "small end")
    drawing.line(x + left, y + height - bottom, x + width - 20, y + height - bottom, "axis")
    drawing.line(x + left, y + top, x + left, y + height - bottom, "axis")
    for value in xs:
        drawing.line(across(value), y + height - bottom, across(value), y + height - bottom + 4, "axis")
        drawing.text(across(value), y + height - bottom + 17, f"{value:,}", "small middle")
    drawing.text(x + left + (width - left) / 2, y + height - 10, series["across"], "small middle")
    drawing.curve([(across(a), up(b)) for a, b in line], "line")
    for a, b in points:
        drawing.dot(across(a), up(b))


def curves(growth):
    """Four panels of one curve each."""
    width, height, head = 470, 330, 62
    drawing = Drawing(2 * width, head + 2 * height)
    drawing.text(20, 26, growth["title"], "title")
    drawing.dot(26, 43)
    drawing.text(36, 47, "measured", "small")
    drawing.line(110, 43, 140, 43, "line")
    drawing.text(148, 47, growth["line"], "small")
    for number, series in enumerate(growth["series"]):
        panel(drawing, number % 2 * width, head + number // 2 * height, width, height, series)
    return str(drawing)
