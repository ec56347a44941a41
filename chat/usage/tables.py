"""The usage page as tables and a chart: ranked, named, each row leading further in.

*Called by*: chat.views.usage. *Keeps true*: all of it comes of one report, so that no two figures on a page disagree.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from billing import charts, credits, ledger, usage
from billing.models import Pool
from billing.usage import FILTERS, Report, Sums
from chat.usage.asked import Asked
from chat.usage.names import Names
from workspace.models import Member

TOP = 6
PAGE = 100
_WORTH = {
    "credits": lambda row: (-row.sums.spent_ucr, -row.sums.answers, row.name.casefold()),
    "answers": lambda row: (-row.sums.answers, row.name.casefold()),
    "tokens": lambda row: (-row.sums.tokens, row.name.casefold()),
    "empty": lambda row: (-row.sums.empty, row.name.casefold()),
    "name": lambda row: (row.name.casefold(), row.value),
}


@dataclass(frozen=True)
class Row:
    """One value of a dimension. `more` is the address that leads further in, `share` percent of the largest."""

    value: str
    name: str
    sums: Sums
    more: str
    share: float = 0.0

    @property
    def credits(self) -> str:
        return credits.format_exact(self.sums.spent_ucr)

    @property
    def written_off(self) -> str:
        return credits.format_exact(self.sums.written_off_ucr)


@dataclass(frozen=True)
class Table:
    """A page of rows, of `count` in all; `more` is the address of the whole table."""

    dimension: str
    title: str
    rows: list[Row]
    count: int
    more: str = ""
    number: int = 1

    @property
    def has_more(self) -> bool:
        return self.number * PAGE < self.count


@dataclass(frozen=True)
class Chip:
    """A filter that is on, and the address without it."""

    title: str
    name: str
    less: str


def titles() -> dict[str, str]:
    return {
        "day": _("Days"),
        "member": _("Members"),
        "space": _("Spaces"),
        "model": _("Models"),
        "provider": _("Providers"),
        "key": _("API keys"),
        "kind": _("What for"),
    }


def page(asked: Asked) -> dict[str, Any]:
    """What the template of the usage page shows."""
    report, names = usage.report(asked.question), Names(asked.member)
    shown: dict[str, Any] = {"asked": asked, "report": report, "chips": chips(asked, names), "titles": titles()}
    shown |= {"total": Row("", "", report.total, ""), "pool": pool_figures(asked.member), "days": days(asked, report)}
    shown |= {"as_asked": asked.query(by=None, sort=None), "by_day": asked.query(by="day", sort=None)}
    if asked.by:
        return shown | _around(asked, whole(asked, report, names))
    tops = [top(asked, report, names, each) for each in FILTERS if each not in asked.only]
    # Where there is nothing but "none", a table would say nothing.
    return shown | {"tables": [table for table in tops if any(row.value for row in table.rows)]}


def _around(asked: Asked, table: Table) -> dict[str, Any]:
    """A whole table, its columns, and the ways to its other pages."""
    words = {"name": table.title, "credits": _("Credits"), "answers": _("Answers"), "tokens": _("Tokens in / out")}
    words["empty"] = _("Failed or empty")
    columns = [{"sort": sort, "title": title, "address": asked.query(sort=sort)} for sort, title in words.items()]
    pages = {"previous": asked.query(page=table.number - 1), "next": asked.query(page=table.number + 1)}
    return {"table": table, "columns": columns, "back": asked.query(by=None, sort=None)} | pages


def top(asked: Asked, report: Report, names: Names, dimension: str) -> Table:
    largest = sorted(report.by[dimension].items(), key=lambda each: (-each[1].spent_ucr, -each[1].answers, each[0]))
    rows = _rows(asked, dict(largest[:TOP]), names, dimension)
    return Table(dimension, titles()[dimension], rows, len(largest), more=asked.query(by=dimension))


def whole(asked: Asked, report: Report, names: Names) -> Table:
    rows = _rows(asked, report.by[asked.by], names, asked.by)
    if asked.by == "day" and asked.sort == "credits":
        rows.sort(key=lambda row: row.value, reverse=True)
    else:
        rows.sort(key=_WORTH[asked.sort])
    number = max(1, min(asked.number, -(-len(rows) // PAGE)))
    return Table(asked.by, titles()[asked.by], rows[(number - 1) * PAGE : number * PAGE], len(rows), number=number)


def days(asked: Asked, report: Report) -> dict[str, Any]:
    """The chart, and the same as rows."""
    amounts = {date.fromisoformat(day): sums.spent_ucr for day, sums in report.by["day"].items()}
    chart = charts.by_day(amounts, asked.first_day, asked.last_day)
    bars: list[dict[str, Any]] = [
        {"bar": bar, "name": _span(bar), "credits": credits.format_exact(bar.amount_ucr)} for bar in chart.bars
    ]
    largest = max(bars, key=lambda each: each["bar"].amount_ucr, default=None)
    most = credits.format_cost(chart.most_ucr)
    return {"chart": chart, "bars": bars, "most": most, "largest": largest if chart.most_ucr else None}


def chips(asked: Asked, names: Names) -> list[Chip]:
    called = titles()
    return [
        Chip(called[name], names.of(name, value), asked.query(**{name: None, "page": None}))
        for name, value in asked.only.items()
    ]


def pool_figures(member: Member) -> dict[str, Any]:
    """What is used of the credits of the period that is running."""
    has = ledger.balance(member.org_id)
    base_ucr = Pool.objects.values_list("period_base_ucr", flat=True).get(org_id=member.org_id)
    used = has.period_spent_ucr
    return {
        "free": credits.format_ucr(has.free_ucr),
        "used": credits.format_cost(used),
        "base": credits.format_ucr(base_ucr),
        "percent": min(100 * used // base_ucr, 100) if base_ucr else 0,
        "ends_at": has.period_ends_at,
    }


def _rows(asked: Asked, sums: dict[str, Sums], names: Names, dimension: str) -> list[Row]:
    names.learn(dimension, sums)
    shares = charts.shares([each.spent_ucr for each in sums.values()])
    return [
        Row(value, _name(names, dimension, value), each, _further(asked, dimension, value), share)
        for (value, each), share in zip(sums.items(), shares, strict=True)
    ]


def _name(names: Names, dimension: str, value: str) -> str:
    if dimension == "day":
        return date_format(date.fromisoformat(value), "DATE_FORMAT")
    return names.of(dimension, value)


def _further(asked: Asked, dimension: str, value: str) -> str:
    changes: dict[str, Any] = {dimension: value}
    if dimension == "day":
        changes = {"from": value, "to": value, "span": None}
    return asked.query(**changes, by=None, sort=None)


def _span(bar: charts.Bar) -> str:
    first, last = date_format(bar.first, "DATE_FORMAT"), date_format(bar.last, "DATE_FORMAT")
    return first if bar.first == bar.last else _("{first} to {last}").format(first=first, last=last)
