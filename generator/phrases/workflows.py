"""Owns what people say for the operations of the workflows document, as data."""

from __future__ import annotations

PHRASES: dict[str, str] = {
    "DELETE /v1/workflow-variables/{id}": "the automation no longer needs this stored value; throw out a constant of a workflow; drop an unused parameter of the automation; delete the secret that an automation stored",
    "GET /v1/workflow-variables/{id}": "what is this constant called; look at one stored parameter of an automation; which value does the flow use; when was the constant of the flow changed",
    "PUT /v1/workflow-variables/{id}": "the shop's URL in our automation moved; swap the secret that the flow uses; new password for the automation's connection; rename a constant; update a constant of the flow; rotate the automation's key",
    "POST /v1/workflows": "when a mail contains cancel then tag it; do something by itself whenever a ticket comes in; automate a boring step; if this then that; auto reply at night; build a flow; trigger an action automatically; send a follow up by itself after a case is closed; automatically tag, answer or assign; when something happens do this; escalation after two days by itself",
    "GET /v1/workflows": "what happens by itself here; which automations run; if-then rules we have; flows and what sets them off; why does something get tagged automatically; triggers",
    "GET /v1/workflows/{id}": "what does this automation do step by step; what sets this flow off; look inside one flow; conditions of an if-then rule; read an automation's steps",
    "PUT /v1/workflows/{id}": "stop the automation that spams people; pause a flow; switch an automation on; add a step to the flow; change what triggers it; turn an if-then rule on or off",
    "GET /v1/workflows/{id}/processes": "why did the automation break; which runs of the flow crashed; errors in our business process; what went wrong in the flow last night; debug an automation; automation failed, why; did the flow stop working; list failing runs",
    "POST /v1/workflows/{id}/variables": "store the shop's URL for the automation; keep a secret that the flow can use; add a constant for all steps; a parameter for the automation; add a reusable value to an automation",
    "GET /v1/workflows/{id}/variables": "which constants does the automation use; stored values and secrets of one flow; parameters of the automation; secrets that a flow keeps",
}
