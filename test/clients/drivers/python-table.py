"""Answers what the Python client makes of errors, failures and keys: a table comes on stdin, the answers go to stdout."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../../clients/python"))
from run_task_or_hand_over import client_token_of, is_passing_failure, may_pass  # noqa: E402

table = json.load(sys.stdin)
print(
    json.dumps(
        {
            "errors": [may_pass(each["code"], each["message"], each.get("status", 0)) for each in table["errors"]],
            "failures": [is_passing_failure(reason) for reason in table["failures"]],
            "tokens": [client_token_of(each["key"], each["request"]) for each in table["jobs"]],
        }
    )
)
