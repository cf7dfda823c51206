"""What Schemathesis cannot know from the document: which model there is. Without it nearly every request would end at a 404."""
import schemathesis

MODEL = "gemma-4-demo"


@schemathesis.hook
def map_body(context, body):
    """A request that names a model names the served one."""
    if isinstance(body, dict) and isinstance(body.get("model"), str):
        body["model"] = MODEL
    return body
