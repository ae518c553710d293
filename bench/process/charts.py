"""What was measured, as SVG charts."""

from .figures import BY_NAME, FIGURES
from .results import ROOT

FOLDER = ROOT / "docs" / "performance"


def draw(results):
    import matplotlib  # here, so that measuring alone works without it

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "rayhistory"  # the same figures draw the same file
    from matplotlib import pyplot

    FOLDER.mkdir(exist_ok=True)
    _draw_goals(pyplot, results.get("figures", {}))
    for name, points in results.get("growth", {}).items():
        _draw_growth(pyplot, BY_NAME[name], points)


def _draw_goals(pyplot, measured):
    """Each figure as a share of its goal, so that all fit one axis; left of the line is good."""
    shown = [figure for figure in FIGURES if figure.goal and figure.name in measured]
    if not shown:
        return

    def share(figure, value):
        return figure.goal / value if figure.more_is_better else value / figure.goal

    shares = [share(figure, measured[figure.name]["median"]) for figure in shown]
    picture, axes = pyplot.subplots(figsize=(9, 0.3 * len(shown) + 1))
    # By place and not by title: several are called "and memory".
    places = range(len(shown))
    axes.barh(places, shares, color=["#3b7d4f" if value <= 1 else "#b3452c" for value in shares])
    axes.set_yticks(places, labels=[figure.title for figure in shown])
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xlabel("share of what the goal allows (less is better)")
    axes.invert_yaxis()
    _save(pyplot, picture, "goals")


def _draw_growth(pyplot, figure, points):
    picture, axes = pyplot.subplots(figsize=(5, 3))
    axes.plot([load for load, _ in points], [value for _, value in points], marker="o", color="#3b6ea5")
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_title(figure.title, fontsize=9)
    axes.set_xlabel("load")
    axes.set_ylabel(figure.unit)
    _save(pyplot, picture, f"growth-{figure.name.replace('_', '-')}")


def _save(pyplot, picture, name):
    picture.tight_layout()
    picture.savefig(FOLDER / f"{name}.svg", metadata={"Date": None})
    pyplot.close(picture)
