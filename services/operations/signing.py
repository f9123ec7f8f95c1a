"""The secret that signs webhooks."""

from channels.signing import new_secret
from services.resources import Resources
from store.follow_ups.webhooks import signing_secret


def signing_secrets(resources: Resources) -> list[str]:
    """The secrets that sign: those of the setting, else the installation's own, made at first use."""
    given = resources.settings.webhook_secret
    if given is not None:
        return given.get_secret_value().split()
    return [resources.database.run(lambda connection: signing_secret(connection, new_secret()))]
