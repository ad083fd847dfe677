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


INDEX = """
import os
from azure.core.credentials import AzureKeyCredential
from azure.search.documents.indexes import SearchIndexClient
from azure.search.documents.indexes.models import AzureOpenAIVectorizerParameters

client = SearchIndexClient(os.environ["SEARCH_ENDPOINT"], AzureKeyCredential(os.environ["SEARCH_KEY"]))
parameters = AzureOpenAIVectorizerParameters(resource_url=os.environ["OPENAI_ENDPOINT"], api_key=KEY)
client.get_index("docs")
"""


def test_a_service_that_is_handed_a_key_gets_the_role_not_the_application(tmp_path):
    plan = plan_of(tmp_path, {"app.py": INDEX, "main.bicep": VM})
    assert not any("OpenAI" in role for role in rights(plan))
    (note,) = (note for note in plan.notes if "Cognitive Services OpenAI User" in note)
    assert note.startswith("Azure AI Search is handed a key in app.py:8")


def test_keys_that_a_service_goes_on_using_are_not_turned_off(tmp_path):
    code = INDEX.replace("api_key=KEY", "api_key=KEY, auth_identity=identity")
    code += "from openai import AzureOpenAI\nAzureOpenAI(azure_endpoint=ENDPOINT, api_key=KEY).models.list()\n"
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": VM})
    (switch,) = (switch for switch in plan.switches if switch.type == "Microsoft.CognitiveServices/accounts")
    assert switch.blocked == ("app.py:8",)


# https://github.com/retkowsky/Azure-OpenAI-demos
@pytest.mark.parametrize(
    ("call", "role"),
    [
        ("completions.create(model='m', messages=[])", "Cognitive Services OpenAI User"),
        ("completions.messages.list('c')", "Cognitive Services OpenAI Contributor"),
    ],
)
def test_stored_completions_need_the_role_that_may_read_them(tmp_path, call, role):
    code = f"""
        import os
        from openai import AzureOpenAI
        client = AzureOpenAI(api_key=os.environ["KEY"], azure_endpoint=os.environ["E"], api_version="2024-10-21")
        client.chat.{call}
    """
    assert rights(plan_of(tmp_path, {"app.py": code, "main.bicep": VM})) == [role]
