"""Makes the calls that stdin lists with boto3, prints what each answered: {"output": ...} or {"error": ..., "message": ...}."""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

work = json.load(sys.stdin)
config = Config(retries={"total_max_attempts": 1})
clients = {}


def answer(service, operation, parameters):
    if service not in clients:
        clients[service] = boto3.client(service, endpoint_url=work["endpoint"], config=config)
    try:
        output = getattr(clients[service], operation)(**parameters)
    except ClientError as error:
        return {"error": error.response["Error"]["Code"], "message": error.response["Error"]["Message"]}
    output.pop("ResponseMetadata")
    return {"output": output}


# Times as whole seconds since the epoch, so that they can be compared.
print(json.dumps([answer(*call) for call in work["calls"]], default=lambda time: int(time.timestamp())))
