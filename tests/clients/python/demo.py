"""What the scripts here share: the server's address, the demo model's questions, and cases it was not trained on. Run by PythonClientTests."""
import json, os, pathlib

BASE_URL, MODEL = os.environ["BASE_URL"], os.environ["MODEL"]
DEMO = pathlib.Path(os.environ["DEMO_MODEL"])
CAPITAL, PARIS = "What is the capital of France?", "The capital of France is Paris."
WEATHER = "What is the weather in Paris?"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def weather(city: str) -> str:
    return json.dumps({"weather": "sunny", "temperature": 20})


def case(kind: str, **wanted):
    """A case of this kind whose fields are these, with what the reference implementation answers."""
    cases = json.loads((DEMO / "cases.json").read_text())
    reference = json.loads((DEMO / "reference.json").read_text())
    for one, answer in zip(cases, reference):
        if one["kind"] == kind and all(one[k] == v for k, v in wanted.items()):
            return one, answer["content"]
    raise LookupError(kind)
