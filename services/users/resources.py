"""The collaborators that a process of users opens once."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from services.users.clients.archives import ArchivesClient
from services.users.clients.erasing import ErasingClient
from services.users.clients.exporting import ExportingClient
from services.users.clients.feed import FeedClient
from services.users.clients.letters import Letters
from services.users.clients.smtp_server import SmtpAddress, SmtpServer
from services.users.clients.upload import UploadClient
from services.users.domain.edge_kinds import BLOCK, FOLLOW, MUTE
from services.users.domain.proofs import ProofCodes
from services.users.domain.session_tokens import SessionTokens
from services.users.settings import UsersSettings
from services.users.store.mail_limits import MailLimits
from services.users.store.password_guard import PasswordGuard
from services.users.store.password_hashes import PasswordHashes
from services.users.store.session_cache import SessionCache
from services.users.store.sign_in_limits import SignInLimits
from shared.caching.redis_client import open_redis
from shared.edges.edges import Edges
from shared.http_server.app_resources import resources_getter
from shared.network.network import open_network
from shared.service_client.client import ServiceClient
from shared.settings import revealed
from shared.sharding.shard_group import ShardGroup, open_shard_group


@dataclass(frozen=True, slots=True)
class Resources:
    """The collaborators of every route and of the worker."""

    group: ShardGroup
    follows: Edges
    blocks: Edges
    mutes: Edges
    sessions: SessionCache
    passwords: PasswordGuard
    tokens: SessionTokens
    feed: FeedClient
    upload: UploadClient
    archives: ArchivesClient
    feed_exporting: ExportingClient
    feed_erasing: ErasingClient
    upload_erasing: ErasingClient
    codes: ProofCodes
    mail_limits: MailLimits
    letters: Letters
    smtp: SmtpServer


resources_of = resources_getter(Resources)


@asynccontextmanager
async def open_resources(settings: UsersSettings) -> AsyncIterator[Resources]:
    """Open everything; connections come with first use, so a lost store does not stop the start."""
    async with AsyncExitStack() as stack:
        network = await stack.enter_async_context(open_network(settings))
        group = await open_shard_group(settings, network)
        stack.push_async_callback(group.close)
        redis_network = network.trusting(settings.redis_ca_file)
        redis = await open_redis(settings.redis_url.get_secret_value(), redis_network)
        stack.push_async_callback(redis.aclose)
        feed = await stack.enter_async_context(
            ServiceClient("feed", settings.feed_url, network, settings)
        )
        upload = await stack.enter_async_context(
            ServiceClient("upload", settings.upload_url, network, settings)
        )
        limits = SignInLimits(redis)
        hashes = PasswordHashes()
        stack.callback(hashes.close)
        yield Resources(
            group=group,
            follows=Edges(group, FOLLOW),
            blocks=Edges(group, BLOCK),
            mutes=Edges(group, MUTE),
            sessions=SessionCache(redis),
            passwords=PasswordGuard(hashes, limits),
            tokens=SessionTokens(
                settings.token_key.get_secret_value(), revealed(settings.token_key_others)
            ),
            feed=FeedClient(feed),
            upload=UploadClient(upload),
            archives=ArchivesClient(upload),
            feed_exporting=ExportingClient(feed),
            feed_erasing=ErasingClient(feed),
            upload_erasing=ErasingClient(upload),
            codes=ProofCodes(
                settings.code_key.get_secret_value(), revealed(settings.code_key_others)
            ),
            mail_limits=MailLimits(limits),
            letters=Letters(settings.mail_sender, settings.mail_link_url),
            smtp=SmtpServer(_smtp_address(settings)),
        )


def _smtp_address(settings: UsersSettings) -> SmtpAddress:
    return SmtpAddress(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_security,
        settings.smtp_user,
        settings.smtp_password.get_secret_value(),
        settings.smtp_ca_file,
    )
