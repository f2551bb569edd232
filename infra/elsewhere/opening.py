"""Before a start: everything that somebody else runs must be there and be fit."""

from infra.control.opening import Opening
from infra.control.progress import Progress
from infra.elsewhere.certificates import require_certificates
from infra.elsewhere.databases import prepare_roles_elsewhere, require_databases
from infra.elsewhere.holdings import require_own_shards
from infra.elsewhere.names import require_names
from infra.elsewhere.redises import require_redises
from infra.suite import Suite


async def require_elsewhere(suite: Suite, opening: Opening, progress: Progress) -> None:
    """Ask all parts of somebody else; raises SuiteFailure with a sentence about what is not well.

    Nothing of theirs is changed but the roles of processes, which are made where that is allowed.
    """
    require_certificates(suite)
    await require_names(suite, progress)
    await require_databases(suite, progress)
    await require_own_shards(suite, opening)
    await require_redises(suite, progress)
    await prepare_roles_elsewhere(suite, progress)
