"""Logging, metrics and health: how an operator sees what the daemon does.

Responsible for the form of log lines and for the metric registry. Not responsible for what is logged:
each package names its own events.
"""

from aztecd.observability.logging import configure_logging
from aztecd.observability.metrics import Metrics

__all__ = ["Metrics", "configure_logging"]
