"""How activities are retried and timed."""

from datetime import timedelta

from temporalio.common import RetryPolicy

#: Our own database: again and again until it is there.
DATABASE_RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=200),
    backoff_coefficient=2,
    maximum_interval=timedelta(seconds=15),
)
#: Other people's servers: with patience, for a day.
DELIVERY_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(minutes=10)
)
DELIVERY_PATIENCE = timedelta(hours=24)
DELIVERY_TIMEOUT = timedelta(minutes=2)

#: A worker that dies inside a step is noticed after this long.
STEP_TIMEOUT = timedelta(seconds=15)
#: Longer activities say that they live.
LONG_TIMEOUT = timedelta(minutes=30)
SILENCE_TIMEOUT = timedelta(seconds=5)
