"""Makes a one-time session and validates it, with Python's own library. Needs HOLDFAST_URL and HOLDFAST_API_KEY."""

import json
import os
import sys
import urllib.error
import urllib.request
import uuid

SERVICE = os.environ["HOLDFAST_URL"]
API_KEY = os.environ["HOLDFAST_API_KEY"]


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Python would take the key along to wherever the redirect leads."""

    def redirect_request(self, *_):
        return None


opener = urllib.request.build_opener(NoRedirect)


def ask(path, body):
    """Status and body of the answer. Raises OSError when none came back, ValueError when it is not the service's."""
    request = urllib.request.Request(
        SERVICE + path,
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json"},
    )
    try:
        with opener.open(request, timeout=5) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as problem:
        return problem.code, json.load(problem)


def validate(session_id):
    """The same; with an idempotency key, an answer that was lost is asked for once more."""
    body = {"session_id": session_id, "idempotency_key": str(uuid.uuid4())}
    try:
        return ask("/auth/validate-session", body)
    except (OSError, ValueError):
        return ask("/auth/validate-session", body)


try:
    status, created = ask("/auth/create-session", {"user": "customer-7", "data": {"cart": ["lamp", "chair"]}})
except (OSError, ValueError) as problem:
    sys.exit(f"nobody answers: {problem}")
if status != 201:
    # 429 and 503 pass: try again after Retry-After. Anything else is for the operator.
    sys.exit(f"none was made: {created['code']}: {created.get('detail', '')}")
print("embed", SERVICE + created["iframe_url"])

status, used = validate(created["session_id"])
if status != 200:
    sys.exit(f"it is no good: {used['code']}")
print("it was for", used["user"])

status, again = validate(created["session_id"])
print("a second time it is", again["code"])
