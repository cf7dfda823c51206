"""Ollama's own client: chats, streams, tools with results, thoughts, formats, images, prompts, models, errors, many at once."""
import asyncio, base64, json
import ollama
from demo import BASE_URL, CAPITAL, MODEL, PARIS, WEATHER, case, weather

client = ollama.Client(host=BASE_URL)
ask = lambda content, **more: {"model": MODEL, "options": {"temperature": 0}, "messages": [{"role": "user", "content": content, **more}]}


def get_weather(city: str) -> str:
    """Weather of a city

    Args:
      city: The city
    """
    return weather(city)


assert client.chat(**ask(CAPITAL)).message.content == PARIS
assert "".join(part.message.content for part in client.chat(**ask(CAPITAL), stream=True)) == PARIS

request = {**ask(WEATHER), "tools": [get_weather]}
message = client.chat(**request).message
call = message.tool_calls[0].function
assert (call.name, call.arguments) == ("get_weather", {"city": "Paris"})
request["messages"] += [message, {"role": "tool", "tool_name": call.name, "content": get_weather(**call.arguments)}]
assert "Paris" in client.chat(**request).message.content

thought = client.chat(**ask("What is 7 + 5?"), think=True).message
assert thought.thinking and "12" in thought.content

person = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}, "required": ["name", "age"]}
assert json.loads(client.chat(**ask("JSON: name Alice, age 30"), format=person).message.content) == {"name": "Alice", "age": 30}

image, said = case("image", budget=70)
seen = client.chat(**ask(image["question"], images=[base64.b64decode(image["png"])])).message.content
assert seen
assert client.generate(model=MODEL, prompt=CAPITAL, options={"temperature": 0}, keep_alive="5m").response == PARIS

assert [model.model for model in client.list().models] == [MODEL]
assert [model.model for model in client.ps().models] == [MODEL]
shown = client.show(MODEL)
assert "tools" in shown.capabilities and shown.modelinfo["gemma4.context_length"] > 0
for refused, words in ((lambda: client.embed(MODEL, "x"), "embeddings"), (lambda: client.pull("x"), "manage models"), (lambda: client.chat(**{**ask("Hi"), "model": "x"}), "not found")):
    try:
        refused()
    except ollama.ResponseError as error:
        assert words in error.error and error.status_code in (400, 404)
    else:
        raise AssertionError("not refused")


async def many():
    answers = await asyncio.gather(*(ollama.AsyncClient(host=BASE_URL).chat(**ask(CAPITAL)) for _ in range(10)))
    assert all(answer.message.content == PARIS for answer in answers)


asyncio.run(many())
