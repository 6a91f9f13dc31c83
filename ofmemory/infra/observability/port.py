"""The metrics of worker and scheduler, on a port of their own: they answer no HTTP otherwise.

The same text as ``/metrics`` without how things stand: that is the same wherever it is asked, and asking it here would
open database connections in a process that forks.
"""

import hmac
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from django.conf import settings

from ofmemory.infra.observability.scrape import scraped, token_in_use

logger = logging.getLogger(__name__)


class _Handler(BaseHTTPRequestHandler):
    timeout = 5

    def do_GET(self) -> None:
        token = token_in_use()
        offered = self.headers.get("Authorization", "").encode("latin-1", "replace")
        if self.path != "/metrics" or not token:
            self.send_error(404)
        elif not hmac.compare_digest(offered, f"Bearer {token}".encode()):
            self.send_error(401)
        else:
            text, content_type = scraped(self.headers.get("Accept", ""), with_state=False)
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:
        """Probes are not logged."""


def serve() -> ThreadingHTTPServer | None:
    """Answer on METRICS_PORT from here on, where one is set."""
    if not settings.METRICS_PORT:
        return None
    try:
        server = ThreadingHTTPServer(("", settings.METRICS_PORT), _Handler)
    except OSError as error:
        # A worker that works unseen is better than none.
        logger.error("metrics_port_taken", extra={"error": type(error).__name__})
        return None
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True, name="metrics-port").start()
    return server
