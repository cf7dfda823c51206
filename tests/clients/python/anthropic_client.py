"""Anthropic's own client: messages, streams, tools with results, thoughts, images, counts, models, errors."""
import anthropic
from demo import BASE_URL, CAPITAL, MODEL, PARIS, SCHEMA, WEATHER, case, weather

client = anthropic.Anthropic(base_url=BASE_URL, api_key="none", max_retries=0)
ask = lambda content: {"model": MODEL, "max_tokens": 200, "extra_body": {"temperature": 0}, "messages": [{"role": "user", "content": content}]}

assert client.messages.create(**ask(CAPITAL)).content[0].text == PARIS
with client.messages.stream(**ask(CAPITAL)) as stream:
    assert "".join(stream.text_stream) == PARIS
    assert stream.get_final_message().stop_reason == "end_turn"

request = {**ask(WEATHER), "tools": [{"name": "get_weather", "description": "Weather of a city", "input_schema": SCHEMA}]}
message = client.messages.create(**request)
call = next(block for block in message.content if block.type == "tool_use")
assert (call.name, call.input, message.stop_reason) == ("get_weather", {"city": "Paris"}, "tool_use")
request["messages"] += [
    {"role": "assistant", "content": message.content},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": weather("Paris")}]},
]
assert "Paris" in client.messages.create(**request).content[-1].text

thought = client.messages.create(**{**ask("What is 7 + 5?"), "max_tokens": 2000}, thinking={"type": "enabled", "budget_tokens": 1024})
assert thought.content[0].type == "thinking" and "12" in thought.content[-1].text

image, said = case("image", budget=70)
source = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": image["png"]}}
assert client.messages.create(**ask([source, {"type": "text", "text": image["question"]}])).content[0].text == said

assert client.messages.count_tokens(model=MODEL, messages=[{"role": "user", "content": "Hi"}]).input_tokens > 1
assert [model.id for model in client.models.list()] == [MODEL]
try:
    client.messages.create(**{**ask("Hi"), "model": "other"})
except anthropic.NotFoundError as error:
    assert MODEL in str(error)
else:
    raise AssertionError("not refused")
