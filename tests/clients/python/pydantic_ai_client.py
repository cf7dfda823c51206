"""Pydantic AI: agents with tools and typed answers, over chats and over responses."""
from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider
from demo import BASE_URL, CAPITAL, MODEL, PARIS, WEATHER, weather


class Person(BaseModel):
    name: str
    age: int


provider = OpenAIProvider(base_url=BASE_URL + "/v1", api_key="none")
for model in (OpenAIChatModel(MODEL, provider=provider), OpenAIResponsesModel(MODEL, provider=provider)):
    agent = Agent(model, model_settings={"temperature": 0})
    assert agent.run_sync(CAPITAL).output == PARIS
    cities = []

    @agent.tool_plain
    def get_weather(city: str) -> str:
        """Weather of a city"""
        cities.append(city)
        return weather(city)

    assert "Paris" in agent.run_sync(WEATHER).output and cities == ["Paris"]
    typed = Agent(model, output_type=NativeOutput(Person), model_settings={"temperature": 0})
    assert typed.run_sync("JSON: name Alice, age 30").output == Person(name="Alice", age=30)
