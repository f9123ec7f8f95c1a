"""How activities are retried and timed."""

from datetime import timedelta

from temporalio.common import RetryPolicy

#: Our own database: again and again until it is there.
DATABASE_RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=200),
    backoff_coefficient=2,
    maximum_interval=timedelta(seconds=15),
)
#: One try to reach somebody; when the next begins is the activity's business.
DELIVERY_TIMEOUT = timedelta(minutes=2)

#: A worker that dies inside a step is noticed after this long.
STEP_TIMEOUT = timedelta(seconds=15)
#: Longer activities say that they live.
LONG_TIMEOUT = timedelta(minutes=30)
SILENCE_TIMEOUT = timedelta(seconds=5)
