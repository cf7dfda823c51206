"""Instructor: typed answers by JSON schema, by tools, and by JSON."""
import instructor, openai
from pydantic import BaseModel
from demo import BASE_URL, MODEL


class Person(BaseModel):
    name: str
    age: int


for mode in (instructor.Mode.JSON_SCHEMA, instructor.Mode.TOOLS):
    client = instructor.from_openai(openai.OpenAI(base_url=BASE_URL + "/v1", api_key="none", max_retries=0), mode=mode)
    person = client.chat.completions.create(
        model=MODEL, temperature=0, response_model=Person, max_retries=0, messages=[{"role": "user", "content": "JSON: name Alice, age 30"}])
    assert isinstance(person, Person)
    if mode == instructor.Mode.JSON_SCHEMA:
        assert (person.name, person.age) == ("Alice", 30)
