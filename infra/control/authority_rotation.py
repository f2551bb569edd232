"""Replaces the internal CA while everything runs, in steps that can be interrupted and repeated.

1. The next CA is made, and the ledger learns its name.
2. Every client trusts both.
3. The next CA's key becomes the signer's, in one rename, which destroys the former key.
4. Every process gets a certificate of the new CA, and shows it.
5. Nobody trusts the former CA.

The files tell which steps are done, so the same call goes on after an interruption.
"""

import asyncio
import time
from pathlib import Path

from infra.authority_files import AuthorityFiles
from infra.control.certificate_renewal import hand_over, issue_due, tell, wait_until_taken_up
from infra.control.failures import SuiteFailure
from infra.control.progress import Progress
from infra.control.recording import record_if_possible
from infra.control.supervisor import Supervisor
from infra.holdings.kept_files import AUTHORITY_FOLLOWS
from infra.holdings.ledger import keep_section
from infra.json_files import sync_folder
from infra.processes import processes_of
from infra.suite import Suite

# A worker of a balancer that still sends a request trusts what it read at its start. Gathering a
# slow body before that may take this long; streams keep a worker longer, but call nobody new.
_WORKERS_END_WITHIN_S = 30.0
_POLL_S = 0.1


async def rotate_authority(suite: Suite, progress: Progress) -> None:
    """Replace the CA of a running suite, or finish an interrupted replacement.

    The caller holds the suite's lock. Raises SuiteFailure if the suite is down, or if a process
    does not show its new certificate; the former CA then stays trusted.
    """
    if not Supervisor(suite.folder).is_running():
        raise SuiteFailure("The suite is not up: `make up` starts it, then say this again.")
    files = AuthorityFiles(suite.folder.pki)
    if files.next_key.exists() or not is_under_way(files):
        await _prepare(suite, files, progress)
        files.next_key.replace(files.key)
        sync_folder(files.folder)
        progress.say("the new authority signs")
    await _give_certificates(suite, progress)
    await _drop_former(suite, files, progress)


async def finish_authority(suite: Suite, progress: Progress) -> None:
    """Finish a replacement that was interrupted, if there is one; raises SuiteFailure."""
    if suite.plan.certificates.embedded and is_under_way(AuthorityFiles(suite.folder.pki)):
        progress.say("the replacement of the authority goes on")
        await rotate_authority(suite, progress)


def is_under_way(files: AuthorityFiles) -> bool:
    """Whether a replacement was begun and is not finished."""
    return files.next_key.exists() or files.next_certificate.exists() or len(files.trusted()) > 1


async def _prepare(suite: Suite, files: AuthorityFiles, progress: Progress) -> None:
    files.make_next()
    present, following = files.signer(), files.next_signer()
    # Before the switch, because a start refuses an authority that the ledger does not expect.
    expected = {"from": present.fingerprint, "to": following.fingerprint}
    keep_section(suite.folder.ledger_file, AUTHORITY_FOLLOWS, expected)
    await record_if_possible(suite)
    files.trust([present.certificate, following.certificate])
    # All others look at the file whenever they connect.
    await _tell_balancers(suite)
    progress.say("every client trusts the present authority and the next one")


async def _give_certificates(suite: Suite, progress: Progress) -> None:
    renewed = issue_due(suite)
    await hand_over(suite, processes_of(suite))
    late = await wait_until_taken_up(suite)
    if late:
        raise SuiteFailure(
            f"These processes show another certificate, or none: {', '.join(late)}. Both"
            " authorities stay trusted; look at their logs, then say this again."
        )
    progress.say(f"every process shows a certificate of the new authority ({len(renewed)} issued)")


async def _drop_former(suite: Suite, files: AuthorityFiles, progress: Progress) -> None:
    # A ledger that does not know the new authority would make the next start refuse it.
    await record_if_possible(suite)
    files.trust([files.signer().certificate])
    files.next_certificate.unlink(missing_ok=True)
    await _tell_balancers(suite)
    keep_section(suite.folder.ledger_file, AUTHORITY_FOLLOWS, None)
    progress.say(f"nobody trusts the former authority; clients outside need {files.certificates}")


async def _tell_balancers(suite: Suite) -> None:
    """Have the balancers trust what the file holds, and wait for the end of their former workers.

    Raises SuiteFailure if a balancer refuses its files.
    """
    states = Supervisor(suite.folder).states()
    former: dict[int, set[str]] = {}
    for process in processes_of(suite):
        if process.kind == "nginx" and states[process.name].is_up:
            master = states[process.name].pid
            former[master] = _children(master)
            await tell(suite, process)
    deadline_s = time.monotonic() + _WORKERS_END_WITHIN_S
    while time.monotonic() < deadline_s:
        if not any(workers & _children(master) for master, workers in former.items()):
            return
        await asyncio.sleep(_POLL_S)


def _children(pid: int) -> set[str]:
    try:
        return set(Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split())
    except OSError:
        return set()
