"""Prints the rows of scripts/bench as a table while they come, and writes them as JSON. Argument: the file for it, or nothing.

A row is a line with tabs: case, what, unit, whether 'more' or 'less' is better, what is demanded, and then for Lectern and each
peer NAME=V,V,… with the value of each round."""
import json
import re
import statistics
import sys

# Peers by the column that shows them.
COLUMNS = {
    "lectern": ["lectern"],
    "luv": ["luv"],
    "cqueues": ["cqueues"],
    "Python": ["asyncio", "python3", "socs", "secsgem"],
    "itself": ["itself"],
}
LAYOUT = "{:<13} {:<36} {:>5} {:>9} {:>9} {:>9} {:>9} {:>9} {:>6}  {:<14} {:<3}  {}"


def parse(line):
    case, what, unit, better, demanded, *measured = line.rstrip("\n").split("\t")
    if better not in ("more", "less"):
        raise ValueError(f"neither more nor less is better: {line!r}")
    values = {}
    for entry in measured:
        name, _, numbers = entry.partition("=")
        # A peer that was left out this time has no values.
        values[name] = [float(number) for number in numbers.split(",") if number]
    return {"case": case, "what": what, "unit": unit, "better": better, "demanded": demanded, "values": values}


def judge(row):
    """Adds the medians, the spreads, the ratio of Lectern to the best peer and whether what is demanded is met."""
    medians = {name: statistics.median(values) for name, values in row["values"].items() if values}
    spreads = {
        name: (max(values) - min(values)) / medians[name]
        for name, values in row["values"].items()
        if len(values) > 1 and medians[name] != 0
    }
    ours = medians.get("lectern")
    peers = {name: value for name, value in medians.items() if name != "lectern"}
    best = (max if row["better"] == "more" else min)(peers, key=peers.get) if peers else None
    ratio = ours / peers[best] if ours is not None and best and peers[best] != 0 else None
    row.update(medians=medians, spreads=spreads, best=best, ratio=ratio, met=None)
    if row["demanded"]:
        demand = re.fullmatch(r"at (least|most) ([\d.]+)( .+)?", row["demanded"])
        if not demand:
            raise ValueError(f"cannot understand what is demanded: {row['demanded']!r}")
        figure, limit = (ours if demand[3] else ratio), float(demand[2])
        if figure is not None:
            row["met"] = figure >= limit if demand[1] == "least" else figure <= limit
    return row


def number(value):
    if value is None:
        return ""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def percent(value):
    return "-" if value is None else f"{value * 100:.0f}"


def show(row):
    cells = []
    for names in COLUMNS.values():
        cells.append(number(next((row["medians"][name] for name in names if name in row["medians"]), None)))
    spread = f"{percent(row['spreads'].get('lectern'))}/{percent(row['spreads'].get(row['best']))} %"
    met = {None: "", True: "yes", False: "NO"}[row["met"]]
    ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}"
    text = LAYOUT.format(row["case"], row["what"], row["unit"], *cells, ratio, row["demanded"], met, spread)
    print(text, flush=True)


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else ""
    print(LAYOUT.format("case", "what", "unit", *COLUMNS, "ratio", "demanded", "met", "spread"), flush=True)
    rows = []
    for line in sys.stdin:
        rows.append(judge(parse(line)))
        show(rows[-1])
    judged = [row["met"] for row in rows if row["met"] is not None]
    print(f"\n{sum(judged)} of {len(judged)} demands are met")
    if path:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=2, ensure_ascii=False)
            file.write("\n")


main()
