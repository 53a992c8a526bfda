"""What the CDK command line runs: ``python -m infra`` synthesises what the context names."""

import gc

gc.disable()  # it ends in a few seconds, of which looking for cycles would take a tenth

from infra.app import main  # noqa: E402 - see above

main()
