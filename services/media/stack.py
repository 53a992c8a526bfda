"""The stack of the media service."""

from collections.abc import Sequence

from aws_cdk import CfnOutput
from aws_cdk import aws_iam as iam

from infra.constructs.bucket import Bucket, Told, bucket_arn, bucket_name
from infra.constructs.function import Access, Grant
from infra.constructs.reasons import acknowledge
from infra.constructs.service_stack import ServiceStack
from infra.constructs.state_machine import Created
from infra.constructs.table import ServiceTable

UPLOADS, LIBRARY = "media-uploads", "media-library"
ARRIVED_DAYS = 7  # what is taken in is copied at once; the rest nobody asked for, or is stuck
QUARANTINE_DAYS = 30
REPORT_DAYS = 90
RUN_DAYS = 14  # as long as an execution can be driven again
PROCESSING_SECONDS = 300  # more than a processor's attempts take when all is well
PROCESSING_SECONDS_LOCAL = 60  # so that people see it happen

_OF_LIBRARY = ("originals/", "quarantine/", "renditions/", "reports/")


class MediaStack(ServiceStack):
    """Uploads, what is made of them, and the two buckets that they go through."""

    def build(self) -> None:
        """Add what the functions do not say themselves."""
        stage = self.stage
        table = self.table()
        self.publisher(table)
        arriving, importing = (
            self.work_queue(name, buckets=[bucket_arn(stage, UPLOADS)])
            for name in ("ingest", "import-products")
        )
        uploads = Bucket(
            self,
            "Uploads",
            stage=stage,
            name=UPLOADS,
            days=dict.fromkeys(("incoming/", "imports/", "large-files/"), ARRIVED_DAYS),
            told=[Told(arriving, "incoming/"), Told(importing, "imports/", ".csv")],
            on_the_bus=True,
            origins=stage.console_origins,
        )
        library = Bucket(
            self,
            "Library",
            stage=stage,
            name=LIBRARY,
            days={"quarantine/": QUARANTINE_DAYS, "reports/": REPORT_DAYS, "runs/": RUN_DAYS},
            rarely_read=["originals/", "renditions/"],
            versioned=True,
            origins=stage.console_origins,
        )
        sent = uploads.access("UPLOADS_BUCKET", PutObject=["imports/", "incoming/", "large-files/"])
        shown = library.access("LIBRARY_BUCKET", GetObject=["renditions/", "reports/"])
        self.http_api(
            table=table,
            more={"create-media": [sent], "get-media": [shown], "list-media": [shown]},
        )
        looking = library.access(
            "LIBRARY_BUCKET", GetObject=["originals/"], DeleteObject=_OF_LIBRARY
        )
        copying = library.access("LIBRARY_BUCKET", PutObject=["renditions/"])
        self.reactions(
            writes=table,
            more={
                "on-media-uploaded-thumbnails": [looking, copying],
                "on-media-uploaded-metadata": [looking],
                "on-media-uploaded-analysis": [looking, _reading_words()],
                "on-media-deleted": [library.access("LIBRARY_BUCKET", DeleteObject=_OF_LIBRARY)],
            },
        )
        self.schedules(writes=table)
        self.workers(
            table.reading(),
            table.writing(),
            queues={"ingest": arriving, "import-products": importing},
            more={
                "import-products": [
                    uploads.access(
                        "UPLOADS_BUCKET", GetObject=["imports/"], DeleteObject=["imports/"]
                    ),
                    library.access(
                        "LIBRARY_BUCKET",
                        GetObject=["originals/", "reports/"],
                        PutObject=["originals/", "quarantine/", "reports/"],
                        DeleteObject=["originals/", "reports/"],
                    ),
                ],
                "ingest": [
                    uploads.access(
                        "UPLOADS_BUCKET", GetObject=["incoming/"], DeleteObject=["incoming/"]
                    ),
                    library.access(
                        "LIBRARY_BUCKET",
                        PutObject=["originals/", "quarantine/"],
                        DeleteObject=["originals/", "quarantine/"],
                    ),
                    Access({"PROCESSING_SECONDS": str(self._patience)}),
                ],
            },
        )
        self._large_imports(table, uploads, library)
        CfnOutput(self, "UploadsBucket", value=uploads.name)
        CfnOutput(self, "LibraryBucket", value=library.name)

    def _large_imports(self, table: ServiceTable, uploads: Bucket, library: Bucket) -> None:
        def kept(**prefixes: Sequence[str]) -> Access:
            return library.access("LIBRARY_BUCKET", **prefixes)

        runs = ["runs/"]
        self.workflow(
            "large-import",
            table.reading(),
            table.writing(),
            Access({"UPLOADS_BUCKET": uploads.name}),
            reaches=[
                kept(
                    AbortMultipartUpload=runs,
                    GetObject=["originals/", *runs],
                    ListMultipartUploadParts=runs,
                    PutObject=runs,
                )
            ],
            started=Created(bucket_name(self.stage, UPLOADS), "large-files/"),
            more={
                "claim-import": [
                    uploads.access(
                        "UPLOADS_BUCKET", GetObject=["large-files/"], DeleteObject=["large-files/"]
                    ),
                    kept(
                        GetObject=["originals/"],
                        PutObject=["originals/", "quarantine/", "reports/"],
                        DeleteObject=["originals/"],
                    ),
                ],
                "import-batch": [kept(PutObject=["reports/"])],
                "finish-import": [
                    kept(
                        GetObject=["reports/"],
                        PutObject=["reports/"],
                        DeleteObject=["originals/", "reports/"],
                    )
                ],
            },
        )

    @property
    def _patience(self) -> int:
        return PROCESSING_SECONDS_LOCAL if self.stage.local else PROCESSING_SECONDS


def _reading_words() -> Access:
    def admit(role: iam.CfnRole) -> None:
        acknowledge(
            role,
            "AwsSolutions-IAM5[Resource::*]",
            "DetectText has no resources; the picture it may read is in the role's other grants",
        )

    return Access({}, [Grant(["rekognition:DetectText"], ["*"])], admit)
