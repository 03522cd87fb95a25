"""What a mock is started with."""

from dataclasses import dataclass, field

from mock_meta.simulation.behaviour import DEFAULT_PROFILE


@dataclass(frozen=True, slots=True)
class Settings:
    """``seed`` drives every draw; times in seconds.

    ``ids_seed`` None keeps message ids unique across runs, so that a deployment's database never sees one twice.
    ``ledger`` is the file that keeps the evidence; None is memory.
    """

    seed: int = 1
    ids_seed: int | None = None
    profile: str = DEFAULT_PROFILE
    allowed_hosts: frozenset[str] = field(default_factory=frozenset)
    control_remote: bool = False
    retry_scale: float = 1.0
    webhook_timeout: float = 20.0
    webhook_ca: str | None = None
    webhook_concurrency: int = 256
    ledger: str | None = None
