"""A range of energy in words and tables: what it is, what makes it so wide, and what it emits where somebody says where."""

from __future__ import annotations

from fairwitness.carbon.energy import BUILDING, JOULES, Energy
from fairwitness.carbon.grid import Grid
from fairwitness.carbon.spent import Spent
from fairwitness.core.estimate import Claim, Estimate
from fairwitness.core.findings import Series
from fairwitness.draw import format as fmt

LEFT_OUT = (
    "What making the machine emitted, water, other machines, the network, and work done before it was looked at. Emissions "
    "are by a country's mean over a year: the hour's own may be half of it, or double."
)
SOURCES = (
    "ISO/IEC 21031:2024, Software Carbon Intensity: energy times the grid's intensity",
    "GHG Protocol Scope 2 Guidance 2015: emissions by location",
    "Khan et al. 2018, ACM TOMPECS 3(2):9, on RAPL counters",
    "Lannelongue et al. 2021, Advanced Science 8(12):2100707: processor and memory times what the building adds",
    "Uptime Institute 2024, Global Data Center Survey: what buildings add",
)
NO_COUNTRY = 'CO₂e is not evaluated: say the country, [carbon] country = "FRA", or the grid, grid_g_per_kwh = 56.'


def estimate(found: Energy, *, n: int) -> Estimate:
    """The range as a number to judge: what is only told never passes or fails, and an open end never passes."""
    claim: Claim = "assumed" if found.method == "told" else "lower bound" if found.high is None else "bracket"
    return Estimate(
        value=found.middle,
        low=found.low,
        high=found.high,
        level=None,
        n=n,
        unit="Wh",
        method=f"{found.method}; the ends rest on what the table states, the value is their geometric mean",
        claim=claim,
    )


def emissions(found: Energy, grid: Grid | None) -> str:
    """In a sentence, or why not."""
    if grid is None:
        return NO_COUNTRY
    high = None if found.high is None else found.high * grid.grams / 1000
    told = fmt.span(found.low * grid.grams / 1000, high, "g CO2e")
    return f"That emits {told} at {fmt.bare(grid.grams, 'number')} g a kWh ({grid.where})."


def width(found: Energy) -> str:
    """What most of the width is of; empty where there is none."""
    shares = [0.0 if share is None else share for share in found.widths()]
    most = max(shares)
    if not most:
        return ""
    part = found.parts[shares.index(most)]
    return f"The {part.name} makes {fmt.number(most, 'share')} of the width: {part.how}."


def narrower(found: Energy) -> str:
    """What would tell, where a limit lies within the range."""
    if found.method == "told":
        return "Read the training where it runs: energy that is only told is never judged."
    if found.high is None:
        return "Read the accelerator's meter: [carbon] meter = 'codecarbon'; until then there is no upper end."
    assumed = any(part.name == BUILDING and part.known == "assumed" for part in found.parts)
    ways = []
    if found.method == "modelled":
        ways += ["let the processor's energy counters be read", "say its watts, [carbon] processor_watts"]
    if assumed:
        ways.append("say what the building adds, [carbon] pue")
    return (
        f"Narrow the range: {'; '.join(ways)}."
        if ways
        else "Measure at the socket: what is left is what a supply adds."
    )


def parts(found: Energy) -> Series:
    """What the range is made of, part by part, with how each is known."""
    shares = found.widths()
    return Series(
        title="What the range is made of",
        columns={
            "part": (*(part.name for part in found.parts), "all"),
            "low": (*(part.low for part in found.parts), found.low),
            "high": (*(part.high for part in found.parts), found.high),
            "of the width": (*shares, None if shares[0] is None else 1.0),
            "known": (*(part.known for part in found.parts), found.method),
            "how": (*(part.how for part in found.parts), ""),
        },
        units={"low": "Wh", "high": "Wh", "of the width": "share"},
    )


def emitted(found: Energy, grid: Grid) -> Series:
    """The emissions, and the electricity they rest on."""
    return Series(
        title="What that emits",
        columns={
            "low": (found.low * grid.grams / 1000,),
            "high": (None if found.high is None else found.high * grid.grams / 1000,),
            "g a kWh": (grid.grams,),
            "electricity": (grid.where,),
            "source": (grid.source,),
        },
        units={"low": "g CO2e", "high": "g CO2e", "g a kWh": "number"},
    )


def second(spent: Spent, found: Energy) -> str:
    """What codecarbon says of the same, where it was asked."""
    if spent.beside is None:
        return ""
    ours = [part for part in found.parts if part.times is None]
    ends = [part.high for part in ours if part.high is not None]
    low, high, said = (
        sum(part.low for part in ours),
        sum(ends) if len(ends) == len(ours) else None,
        spent.beside / JOULES,
    )
    where = "inside" if low <= said and (high is None or said <= high) else "OUTSIDE"
    return (
        f"codecarbon says {fmt.span(said, said, 'Wh')} for processor, memory and accelerators, {where} the "
        f"{fmt.span(low, high, 'Wh')} that stand here for the same."
    )


def readable(spent: Spent) -> str:
    """Why energy is modelled and not measured; empty where it is measured."""
    if spent.package is not None:
        return ""
    why = "a virtual machine hides it" if spent.machine.shared else "there is none, or only root may read it"
    return f"No energy counter of the processor could be read ({why}): energy is modelled from processor time."
