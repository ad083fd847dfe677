"""Vision, face, translation and language clients get a role for what they call, and no question."""

from __future__ import annotations

import textwrap

import pytest
from plan_repositories import VM, plan_of, rights

HEAD = """
import os
from azure.core.credentials import AzureKeyCredential
{0}
client = {1}(os.environ["ENDPOINT"], AzureKeyCredential(os.environ["KEY"]))
"""
FACE = "azure.ai.vision.face"


def planned(tmp_path, module, class_, call):
    code = HEAD.format(f"from {module} import {class_}", class_) + f"client.{call}\n"
    return plan_of(tmp_path, {"app.py": textwrap.dedent(code), "main.bicep": VM})


@pytest.mark.parametrize(
    ("module", "class_", "call", "role"),
    [
        (FACE, "FaceClient", "detect_from_url(url='u')", "Cognitive Services Face Recognizer"),
        (FACE, "FaceSessionClient", "create_liveness_session(body)", "Cognitive Services Face Recognizer"),
        ("azure.ai.language.conversations", "ConversationAnalysisClient", "analyze_conversation({})",
         "Cognitive Services Language Reader"),
        ("azure.ai.language.questionanswering", "QuestionAnsweringClient", "get_answers(question='q')",
         "Cognitive Services Language Reader"),
    ],
)  # fmt: skip
def test_a_built_in_role_that_reads_no_keys_is_enough(tmp_path, module, class_, call, role):
    plan = planned(tmp_path, module, class_, call)
    assert rights(plan) == [role]
    assert not plan.questions


@pytest.mark.parametrize(
    ("module", "class_", "call", "actions"),
    [
        (FACE, "FaceAdministrationClient", "large_person_group.create('a', name='n')", ["Face/*"]),
        ("azure.ai.translation.text", "TextTranslationClient", "translate(body=[])",
         ["TextTranslation/translate/action"]),
        ("azure.ai.translation.document", "DocumentTranslationClient", "begin_translation('a', 'b', 'c')",
         ["TextTranslation/batches/write", "TextTranslation/batches/read"]),
        ("azure.ai.vision.imageanalysis", "ImageAnalysisClient", "analyze(data, [])",
         ["ComputerVision/imageanalysis:analyze/action"]),
        ("azure.ai.contentsafety", "ContentSafetyClient", "analyze_text(o)", ["ContentSafety/text:analyze/action"]),
    ],
)  # fmt: skip
def test_elsewhere_a_role_of_its_own_has_exactly_the_actions(tmp_path, module, class_, call, actions):
    plan = planned(tmp_path, module, class_, call)
    (role,) = plan.custom_roles
    assert role.actions == ()
    assert list(role.data_actions) == [f"Microsoft.CognitiveServices/accounts/{action}" for action in actions]
    assert not plan.questions
