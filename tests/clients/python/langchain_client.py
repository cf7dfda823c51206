"""LangChain over OpenAI's API (chats and responses) and over Ollama's."""
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_ollama import ChatOllama
from langchain_openai import ChatOpenAI
from pydantic import BaseModel
from demo import BASE_URL, CAPITAL, MODEL, PARIS, WEATHER, weather


class Person(BaseModel):
    """A person"""
    name: str
    age: int


@tool
def get_weather(city: str) -> str:
    """Weather of a city"""
    return weather(city)


openai = {"base_url": BASE_URL + "/v1", "api_key": "none", "model": MODEL, "temperature": 0, "max_retries": 0}
for chat in (ChatOpenAI(**openai), ChatOpenAI(**openai, use_responses_api=True), ChatOllama(base_url=BASE_URL, model=MODEL, temperature=0)):
    assert chat.invoke(CAPITAL).text == PARIS
    assert "".join(piece.text for piece in chat.stream(CAPITAL)) == PARIS
    messages = [HumanMessage(WEATHER)]
    messages.append(chat.bind_tools([get_weather]).invoke(messages))
    call = messages[-1].tool_calls[0]
    assert (call["name"], call["args"]) == ("get_weather", {"city": "Paris"})
    messages.append(ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"]))
    assert "Paris" in chat.bind_tools([get_weather]).invoke(messages).text
    method = {} if isinstance(chat, ChatOpenAI) else {"method": "json_schema"}
    assert chat.with_structured_output(Person, **method).invoke("JSON: name Alice, age 30") == Person(name="Alice", age=30)
