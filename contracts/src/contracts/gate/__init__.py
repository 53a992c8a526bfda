"""The gate: whom a change of the contracts breaks, found in the build of the team that makes it.

Both halves of every contract lie in the repository, as golden files: what each event promises
(``contracts/schemas``) and what each reaction reads of it (``services/*/consumes``). The gate reads
them in the working tree and in a revision to compare with, the base: what lies in the base is
released. `contracts.gate.check` is the whole of it; the other modules are its parts.
"""
