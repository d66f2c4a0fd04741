"""Runs an ECS task, or hands the call over to ecs-throttle-remediation where throttling took it.

One file for boto3 >= 1.26 and Python >= 3.9: copy it.
"""

import copy
import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Dict, List, Optional, Union

from botocore.exceptions import ClientError

# Names that always mean a throttle.
_THROTTLES = [
    "ThrottlingException",
    "Throttling",
    "ThrottledException",
    "ThrottleException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "EC2ThrottledException",
    "TooManyRequestsException",
    "SlowDown",
    "KMSThrottlingException",
    "KmsThrottlingException",
    "ProvisionedThroughputExceededException",
]
# Names of a failure on the service's side.
_SERVICE_FAILURES = [
    "ServerException",
    "InternalFailure",
    "InternalError",
    "InternalServerError",
    "InternalServerException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
]
# Names that throttles, want of room and mistakes share: the message decides.
_SHARED = ["InvalidParameterException", "ClientException", "LimitExceededException"]
# A throttle behind ECS, passed on as the text of a bad parameter; what else stands there may quote the caller's own names.
_WRAPPING = (
    r"(?:(?:Error|Failed|Failure|Unable|Unexpected|Could not|Cannot)[^:\[\]]*(?:\[[^\[\]]*\][^:\[\]]*)?: |[\w.-]+: )"
)
_RATE_WORDS = (
    r"(?:Rate exceeded|Request limit exceeded)\.?(?: Account [^()\[\]]*)?(?: \([^()]*\)| \(\w*:? ?\w*)?\.?"
)
_ERROR_CODE = r"\(ErrorCode: (?:" + "|".join(_THROTTLES) + r")\)\.?"
_WRAPPED_THROTTLE = re.compile(
    rf"(?:{_WRAPPING}{{0,3}}{_RATE_WORDS}|(?:{_WRAPPING}{{1,3}}[^:\[\]]*|\w*) ?{_ERROR_CODE})\Z", re.ASCII
)
# Want of room, which comes back when tasks end.
_NO_ROOM = re.compile("Capacity is unavailable at this time|You['\u2019]ve reached the limit on the number of ")
_NO_ROOM_ERROR = re.compile("Tasks provisioning capacity limit exceeded")
# ATTRIBUTE, LOCATION, MISSING and INACTIVE stay as they are however often one asks.
_NO_ROOM_FAILURE = re.compile(r"RESOURCE:|AGENT(?![\w-])", re.ASCII)


@dataclass(frozen=True)
class Started:
    """ECS took the call.

    ``failures`` says why tasks are missing; what would pass with time was handed over, unless that failed: then
    ``hand_over_error`` says why.
    """

    tasks: List[Dict[str, Any]]
    failures: List[Dict[str, Any]]
    hand_over_error: Optional[Exception] = field(default=None, compare=False)
    kind: str = field(default="started", init=False)


@dataclass(frozen=True)
class HandedOver:
    """The call, or what is left of it, is in the queue: the stack launches it.

    ``tasks`` and ``failures`` are what ECS had placed.
    """

    message_id: str
    tasks: List[Dict[str, Any]]
    failures: List[Dict[str, Any]]
    kind: str = field(default="handedOver", init=False)


def run_task_or_hand_over(
    ecs: Any, sqs: Any, queue_url: str, key: Optional[str] = None, **run_task_input: Any
) -> Union[Started, HandedOver]:
    """Calls RunTask. What throttling, a failing service or want of room took of it is handed over.

    ``key`` names the job, not the try; the client token is derived from it. It is not needed where the input has a
    ``clientToken``, which wins. Raises what ECS answered where another attempt would not help, and where the hand-over
    itself failed: then that is its ``__cause__``.
    """
    # Not only when the first call is throttled.
    if not queue_url:
        raise ValueError("run_task_or_hand_over: found no queue_url, expected that of the stack")
    token = run_task_input.get("clientToken")
    if not token:
        if not isinstance(key, str) or key == "":
            raise ValueError(
                "run_task_or_hand_over: found neither key nor clientToken, "
                "expected one of them, which names the job and not the try"
            )
        token = client_token_of(key, run_task_input)
    _check_region(ecs, queue_url)
    # A copy: two calls that share an input must not share a token.
    request = {**copy.deepcopy(run_task_input), "clientToken": token}
    first_attempt_at = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def hand_over(outcome: Dict[str, Any]) -> str:
        body = json.dumps({"request": request, **outcome, "firstAttemptAt": first_attempt_at})
        return sqs.send_message(QueueUrl=queue_url, MessageBody=body)["MessageId"]

    _teach_client_token(ecs)
    try:
        answer = ecs.run_task(**request)
    except ClientError as error:
        details = _details_of(error)
        if not may_pass(details["code"], details["message"], details.get("status", 0)):
            raise
        try:
            return HandedOver(hand_over({"error": details}), [], [])
        except Exception as hand_over_error:
            raise error from hand_over_error

    tasks, failures = answer.get("tasks", []), answer.get("failures", [])
    is_complete = len(tasks) >= request.get("count", 1)
    if is_complete or not any(is_passing_failure(failure.get("reason", "")) for failure in failures):
        return Started(tasks, failures)
    placed = {"tasks": [task["taskArn"] for task in tasks], "failures": failures, "requestIds": _request_ids(answer)}
    try:
        return HandedOver(hand_over({"answer": placed}), tasks, failures)
    except Exception as hand_over_error:
        return Started(tasks, failures, hand_over_error)


def client_token_of(key: str, run_task_input: Dict[str, Any]) -> str:
    """The client token of a job: the same for the same key, cluster and family, whatever the revision."""
    cluster = (run_task_input.get("cluster") or "default").split("/")[-1]
    family = str(run_task_input.get("taskDefinition")).split("/")[-1].split(":")[0]
    name = "\n".join([cluster, family, key])
    # The beginning says that the token names one call for ever.
    return "once-" + hashlib.sha256(name.encode()).hexdigest()[:48]


def may_pass(code: str, message: str, status: int = 0) -> bool:
    """Whether the same request may succeed later. ``status`` is that of the HTTP answer."""
    if code in _THROTTLES or code in _SERVICE_FAILURES or status == 429 or status >= 500:
        return True
    texts = [_WRAPPED_THROTTLE, _NO_ROOM, _NO_ROOM_ERROR]
    return code in _SHARED and any(text.match(message) for text in texts)


def is_passing_failure(reason: str) -> bool:
    """Whether ``failures[].reason`` tells of want of room, which comes back."""
    return any(text.match(reason) for text in [_NO_ROOM, _NO_ROOM_FAILURE])


def _details_of(error: ClientError) -> Dict[str, Any]:
    said = error.response.get("Error", {})
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return {
        "code": str(said.get("Code", "")),
        "message": str(said.get("Message", "")),
        # Without an answer there is no status.
        **({"status": status} if status else {}),
        "requestIds": _request_ids(error.response),
    }


def _request_ids(response: Dict[str, Any]) -> List[str]:
    # boto3 shows that of the last attempt only.
    request_id = response.get("ResponseMetadata", {}).get("RequestId")
    return [request_id] if request_id else []


def _check_region(ecs: Any, queue_url: str) -> None:
    """The stack launches in its own Region, whichever the call was for."""
    queue = re.match(r"https://sqs\.([\w-]+)\.amazonaws\.", queue_url)
    expected = ecs.meta.region_name
    if queue and queue.group(1) != expected:
        raise ValueError(
            f"run_task_or_hand_over: found a queue in {queue.group(1)}, expected one in {expected}, where ECS is called"
        )


def _teach_client_token(ecs: Any) -> None:
    """RunTask has a client token since the end of 2023. Where boto3 is older it would refuse it: it is sent nevertheless."""
    if "clientToken" in ecs.meta.service_model.operation_model("RunTask").input_shape.members:
        return

    def take(params: Dict[str, Any], context: Dict[str, Any], **_: Any) -> None:
        if "clientToken" in params:
            context["run_task_client_token"] = params.pop("clientToken")

    def put(params: Dict[str, Any], context: Dict[str, Any], **_: Any) -> None:
        if "run_task_client_token" in context:
            body = {**json.loads(params["body"]), "clientToken": context["run_task_client_token"]}
            params["body"] = json.dumps(body).encode()

    # Once for each client, whoever shares it; nothing changes for a call without a token.
    ecs.meta.events.register("before-parameter-build.ecs.RunTask", take, unique_id="run-task-client-token-take")
    ecs.meta.events.register("before-call.ecs.RunTask", put, unique_id="run-task-client-token-put")
