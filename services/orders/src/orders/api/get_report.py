"""Tell a day's report, with links to it as JSON and as CSV."""

from datetime import datetime
from typing import Literal

from contracts.events.orders import Takings
from orders.documents import Documents
from orders.domain.reports import shown
from orders.reporting import Reports, csv_key, json_key
from runtime.endpoint import endpoint
from runtime.messages import Request, View
from runtime.problems import NotFound


class ReportView(View):
    """The orders that were placed on one day (UTC), as they stood when they were counted."""

    date: str
    complete: bool
    counted_at: datetime
    orders: int
    by_status: dict[str, int]
    revenue: tuple[Takings, ...]
    rejected: dict[str, int]
    cancelled: int
    links: dict[Literal["csv", "json"], str]


def get_report(request: Request[None], reports: Reports, documents: Documents) -> ReportView:
    """Return the report, if it is there already."""
    tenant, day = request.tenant, request.path["date"]
    report = reports.find(tenant, day)
    if report is None or not report.told:
        raise NotFound("there is no report of that day")
    return ReportView(
        **shown(report),
        links={
            "json": documents.link(json_key(tenant, day)),
            "csv": documents.link(csv_key(tenant, day)),
        },
    )


handler = endpoint(
    "GET",
    "/reports/{date}",
    get_report,
    role="admin",
    problems=[NotFound],
    reports=Reports.connect,
    documents=Documents.connect,
)
