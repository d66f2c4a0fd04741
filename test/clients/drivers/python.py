"""Makes one call with the Python client, as a job of its own: what to do comes on stdin, the outcome goes to stdout."""

import copy
import json
import os
import sys

import boto3

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../../clients/python"))
from run_task_or_hand_over import run_task_or_hand_over  # noqa: E402

job = json.load(sys.stdin)
before = copy.deepcopy(job["request"])
ecs = boto3.client("ecs", endpoint_url=job["endpoint"])
sqs = boto3.client("sqs", endpoint_url=job["endpoint"])
try:
    done = run_task_or_hand_over(ecs, sqs, job["queueUrl"], job.get("key"), **job["request"])
    outcome = {"kind": done.kind, "tasks": done.tasks, "failures": done.failures}
    if done.kind == "handedOver":
        outcome["messageId"] = done.message_id
except Exception as error:
    cause = error.__cause__
    outcome = {"kind": "error", "text": f"{type(error).__name__}: {error}", "handOverError": cause and str(cause)}
print(json.dumps(outcome, default=str))
if job["request"] != before:
    raise AssertionError("found a changed input, expected it as it was")
