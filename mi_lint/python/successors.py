"""What succeeds the clients that get their key from a credential object of msrest, by a part of their module."""

from __future__ import annotations

_BING = "Bing Search takes keys only; keep the key in Key Vault and read it with a managed identity"
_CUSTOM_VISION = (
    "Custom Vision has no newer SDK; call its REST API with a bearer token on the resource's own endpoint, "
    "https://<resource>.cognitiveservices.azure.com"
)
# https://learn.microsoft.com/azure/devops/integrate/get-started/authentication/service-principal-managed-identity
_DEVOPS = (
    "pass BasicTokenAuthentication({'access_token': token}) with a token for the scope "
    "499b84ac-1321-427f-aa17-267ca6975798/.default; the managed identity has to be a user of the organisation"
)

# https://learn.microsoft.com/azure/ai-services/reference/sdk-package-resources
SUCCESSORS = {
    "azure.devops": _DEVOPS,
    "cognitiveservices.search": _BING,
    "language.spellcheck": _BING,
    "vision.computervision": "move to azure-ai-vision-imageanalysis and ImageAnalysisClient(endpoint, credential)",
    "vision.face": "move to azure-ai-vision-face and FaceClient(endpoint, credential)",
    "vision.customvision": _CUSTOM_VISION,
    "vision.contentmoderator": "move to azure-ai-contentsafety and ContentSafetyClient(endpoint, credential)",
    "language.textanalytics": "move to azure-ai-textanalytics 5 and TextAnalyticsClient(endpoint, credential)",
    "language.luis": "LUIS is retired; move to azure-ai-language-conversations",
    "knowledge.qnamaker": "QnA Maker is retired; move to azure-ai-language-questionanswering",
    "formrecognizer": "move to azure-ai-documentintelligence and DocumentIntelligenceClient(endpoint, credential)",
    "anomalydetector": "Anomaly Detector is retired",
    "personalizer": "Personalizer is retired",
}
