"""Samples over time as a table and as a picture."""
import csv

WIDTH, HEIGHT, GAP = 760, 120, 40


def write_csv(path, samples):
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, samples[0])
        table.writeheader()
        table.writerows(samples)


def curve(samples, name, top):
    """One figure's line, from zero to its maximum."""
    most = max(sample[name] for sample in samples) or 1
    last = samples[-1]["seconds"] or 1
    points = " ".join(
        f"{WIDTH * sample['seconds'] / last:.1f},"
        f"{top + HEIGHT - HEIGHT * sample[name] / most:.1f}"
        for sample in samples)
    return (f'<text x="0" y="{top - 6}">{name}, 0 to {most}</text>'
            f'<path d="M0 {top + HEIGHT}h{WIDTH}" stroke="#ccc"/>'
            f'<polyline points="{points}" fill="none" stroke="#964b00"/>\n')


def write_svg(path, samples):
    names = [name for name in samples[0] if name != "seconds"]
    height = len(names) * (HEIGHT + GAP)
    curves = "".join(curve(samples, name, GAP + place * (HEIGHT + GAP) - 10)
                     for place, name in enumerate(names))
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
        f'height="{height}" font-family="sans-serif" font-size="13">\n'
        f'<rect width="100%" height="100%" fill="#fff"/>\n{curves}</svg>\n')
