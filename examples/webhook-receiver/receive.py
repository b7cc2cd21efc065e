"""Receives webhooks of Dropgate, checks their signatures, and keeps every paid order once. Python's standard library only.

    WEBHOOK_SECRET=whsec_... python3 examples/webhook-receiver/receive.py 9000 paid.sqlite

Enter its address with POST /webhooks, which answers the secret.
"""

import base64
import hashlib
import hmac
import json
import os
import sqlite3
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

PORT = int(sys.argv[1]) if len(sys.argv) > 1 else 9000
FILE = sys.argv[2] if len(sys.argv) > 2 else "paid.sqlite"
KEY = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
TOLERANCE_SECONDS = 300
LARGEST_BODY = 64 * 1024

books = sqlite3.connect(FILE)
books.execute(
    "create table if not exists paid (event_id text primary key, order_id text, total_minor integer, currency text)"
)


def is_genuine(headers, body: bytes) -> bool:
    """Standard Webhooks 1.0. The header has several signatures while a secret is changed."""
    event_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    # An old request that was recorded is no longer believed.
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    signed = f"{event_id}.{timestamp}.".encode() + body
    expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    given = headers.get("webhook-signature", "").split(" ")
    # compare_digest takes the same time wherever the difference is.
    return any(hmac.compare_digest(f"v1,{expected}".encode(), each.encode()) for each in given)


def keep(event_id: str, event: dict) -> bool:
    """Whether it is new. The id is the key, so an event that comes again changes nothing, also after a crash."""
    if event["type"] != "dropgate.order.confirmed":
        return False
    order = event["data"]
    with books:
        kept = books.execute(
            "insert or ignore into paid values (?, ?, ?, ?)",
            (event_id, order["orderId"], order["totalMinor"], order["currency"]),
        )
    return kept.rowcount == 1


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("content-length", "0"))
        if length > LARGEST_BODY:
            return self.answer(413)
        body = self.rfile.read(length)
        if not is_genuine(self.headers, body):
            return self.answer(401)
        # Once it is kept it may be answered; without an answer within 15 seconds it would come again.
        event = json.loads(body)
        is_new = keep(self.headers["webhook-id"], event)
        self.answer(204)
        if event["type"] == "dropgate.order.confirmed":
            print("paid" if is_new else "again", event["data"]["orderId"], event["data"]["totalMinor"], flush=True)

    def answer(self, status: int):
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        """The program prints what it keeps, and no line for each request."""


print(f"listening on 127.0.0.1:{PORT}", flush=True)
HTTPServer(("127.0.0.1", PORT), Receiver).serve_forever()
