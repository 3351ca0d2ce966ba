"""Owns what people say for the operations of the AI and automations document, as data."""

from __future__ import annotations

PHRASES: dict[str, str] = {
    "GET /v1/ai/automations": "which virtual assistants are live; our chatbots; list the robots that answer for us; what bots have been built; id of the AI helper",
    "GET /v1/ai/automations/{automationId}": "look at one bot; which version of the assistant is running; what user does the robot act as; details of the AI helper; is the chatbot on; settings of one assistant",
    "GET /v1/ai/automations/{automationId}/evaluations": "which exams exist for this bot; quality checks set up for an assistant; test suites of one robot; how do we check the chatbot; list exams of the chatbot",
    "GET /v1/ai/evaluation-runs": "how did the bot do over time; past exam results of the assistant; scores of every test round; is the robot getting better or worse; history of checks; did the ai tests pass lately",
    "GET /v1/ai/evaluation-runs/{runId}": "is the exam done yet; what score did the bot get; result of this test round; is the check still running; did the assistant pass",
    "GET /v1/ai/evaluation-testcase-results": "which questions did the bot get wrong; where did the assistant fail; all answers with pass or fail; marks for every question of the exam",
    "GET /v1/ai/evaluation-testcase-results/{resultId}": "why did the bot fail this question; what exactly did the assistant answer; look at one graded answer; which tools did it call",
    "POST /v1/ai/evaluation-testcases": "one more exam question for the chatbot; check that the bot handles an angry refund; add a sample question and the answer we expect; write a scenario for the assistant",
    "GET /v1/ai/evaluation-testcases": "what questions do we ask the bot in the exam; every scenario we check the assistant with; sample questions of the test suite; list scenarios of the exam",
    "DELETE /v1/ai/evaluation-testcases/{testCaseId}": "drop an exam question; this scenario for the bot is obsolete; take a sample question out of the suite; delete a scenario we no longer check the chatbot with",
    "GET /v1/ai/evaluation-testcases/{testCaseId}": "what answer do we expect from the bot to this question; look at one scenario; show an exam question; open one scenario of the bot's exam",
    "PUT /v1/ai/evaluation-testcases/{testCaseId}": "change the expected answer of an exam question; reword a scenario for the bot; fix a sample question; a scenario should start with another message",
    "POST /v1/ai/evaluations": "put together an exam for the bot; a new set of checks for the assistant; I want to be able to quiz the chatbot; start a quality suite for the robot",
    "DELETE /v1/ai/evaluations/{evaluationId}": "throw the bot's exam away; remove a set of checks for the assistant; drop a test suite; we stopped checking that bot, delete its suite",
    "GET /v1/ai/evaluations/{evaluationId}": "look at one exam of the bot; which assistant does this suite check; details of a set of checks; what is in the bot's exam",
    "PUT /v1/ai/evaluations/{evaluationId}": "give the bot's exam another name; rename a set of checks; retitle the test suite; call the chatbot's exam something else",
    "POST /v1/ai/evaluations/{evaluationId}/run": "test the bot, exam; quiz the assistant now; does the chatbot still answer right after my change; start a round of checks; try the robot out before it goes live",
    "GET /v1/ai/summaries/batch": "the gist of several cases at once; short versions of these ten threads; tl;dr for many customers; digest of a pile of tickets",
    "GET /v1/ai/summaries/{resourceId}": "tl;dr; what is this thread about in two sentences; the gist of a long case; short version please; sum up this customer; recap what was said so I need not read everything; catch me up",
}
