"""The line of `make status` about the ends of certificates."""

import datetime as dt

from infra.authority_files import AuthorityFiles, BrokenCertificate
from infra.control.authority_rotation import is_under_way
from infra.control.shown_certificates import shown_certificates
from infra.processes import processes_of
from infra.public_certificate import PublicCertificate
from infra.suite import Suite

# The caretaker renews a month before the end. Less than this means that it does not.
_DAYS_MIN = 21
# Nothing replaces the authority by itself.
_AUTHORITY_DAYS_MIN = 365
_UNFINISHED = "  the authority's replacement is not finished: `make rotate SECRET=ca` goes on"


async def certificate_lines(suite: Suite) -> tuple[list[str], bool]:
    """Return the lines about certificates, and whether none of them ends too soon."""
    if not suite.plan.certificates.embedded:
        return await _given_lines(suite)
    files = AuthorityFiles(suite.folder.pki)
    if not files.key.exists():
        return [], True
    try:
        authority_ends = files.signer().certificate.not_valid_after_utc
        is_being_replaced = is_under_way(files)
    except BrokenCertificate as broken:
        return [f"certificates: {broken}"], False
    shown = await shown_certificates(suite, processes_of(suite))
    ends = {name: certificate.not_valid_after_utc for name, certificate in shown.items()}
    more = [_UNFINISHED] if is_being_replaced else []
    lines, are_valid = lines_about(ends, authority_ends, dt.datetime.now(dt.UTC), more)
    public, is_shown = public_lines(suite)
    return [*lines, *public], are_valid and is_shown


async def _given_lines(suite: Suite) -> tuple[list[str], bool]:
    shown = await shown_certificates(suite, processes_of(suite))
    ends = {name: certificate.not_valid_after_utc for name, certificate in shown.items()}
    public, is_shown = public_lines(suite)
    given = f"certificates: of {suite.plan.certificates.folder}"
    if not ends:
        return [given, *public], is_shown
    first = min(ends, key=lambda name: ends[name])
    line = f"{given}, the first ends {ends[first]:%Y-%m-%d %H:%M} UTC ({first})"
    is_late = (ends[first] - dt.datetime.now(dt.UTC)).days < _DAYS_MIN
    late = ["  whoever signs them must renew it now"] if is_late else []
    return [line, *late, *public], is_shown and not is_late


def public_lines(suite: Suite) -> tuple[list[str], bool]:
    """Return the line about the public name's certificate, and whether phones trust that."""
    public = suite.plan.public
    if public is None:
        return [], True
    certificate = PublicCertificate(suite.folder, public)
    if problem := certificate.problem():
        what = "`make certificate` tries again and says what hinders"
        return [f"{public.url}: {problem}", f"  {what}"], False
    held = certificate.shown_now()
    if held is None:
        return [f"{public.url}: no certificate yet"], False
    return [f"{public.url}: its certificate ends {held.not_valid_after_utc:%Y-%m-%d}"], True


def lines_about(
    ends: dict[str, dt.datetime],
    authority_ends: dt.datetime,
    now: dt.datetime,
    more: list[str],
) -> tuple[list[str], bool]:
    """Return the lines about these ends, then `more`; it is well if there is only one line."""
    said = f"the authority ends {authority_ends:%Y-%m-%d}"
    problems = []
    if ends:
        first = min(ends, key=lambda name: ends[name])
        said = f"the first ends {ends[first]:%Y-%m-%d %H:%M} UTC ({first}), {said}"
        if (ends[first] - now).days < _DAYS_MIN:
            late = sorted(name for name, end in ends.items() if (end - now).days < _DAYS_MIN)
            problems.append(f"  not renewed in time: {', '.join(late)}")
    if (authority_ends - now).days < _AUTHORITY_DAYS_MIN:
        problems.append("  replace the authority within a year: `make rotate SECRET=ca`")
    lines = [f"certificates: {said}", *problems, *more]
    return lines, len(lines) == 1
