"""Write sensor readings, which arrive over HTTP, to Azure SQL."""

from __future__ import annotations

import json
import logging

import azure.functions as func

from readings import Reading, store

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)


@app.route(route="readings", methods=["POST"])
def post_readings(request: func.HttpRequest) -> func.HttpResponse:
    try:
        readings = [Reading.from_json(item) for item in request.get_json()]
    except (KeyError, TypeError, ValueError) as error:
        return func.HttpResponse(f"not a list of readings: {error}", status_code=400)
    stored = store(readings)
    logging.info("stored %d readings", stored)
    return func.HttpResponse(json.dumps({"stored": stored}), mimetype="application/json", status_code=201)
