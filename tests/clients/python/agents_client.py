"""OpenAI's agents: a question, a tool that is run, a stream, over responses and over chats."""
import asyncio
from agents import Agent, AsyncOpenAI, ModelSettings, OpenAIChatCompletionsModel, OpenAIResponsesModel, Runner, function_tool
from demo import BASE_URL, CAPITAL, MODEL, PARIS, WEATHER, weather

cities = []


@function_tool
def get_weather(city: str) -> str:
    """Weather of a city"""
    cities.append(city)
    return weather(city)


async def run(model):
    agent = Agent(name="Helper", model=model, tools=[get_weather], model_settings=ModelSettings(temperature=0))
    assert (await Runner.run(agent, CAPITAL)).final_output == PARIS
    cities.clear()
    assert "Paris" in (await Runner.run(agent, WEATHER)).final_output and cities == ["Paris"]
    stream = Runner.run_streamed(agent, CAPITAL)
    async for _ in stream.stream_events():
        pass
    assert stream.final_output == PARIS


async def main():
    client = AsyncOpenAI(base_url=BASE_URL + "/v1", api_key="none", max_retries=0)
    await run(OpenAIResponsesModel(model=MODEL, openai_client=client))
    await run(OpenAIChatCompletionsModel(model=MODEL, openai_client=client))


asyncio.run(main())
