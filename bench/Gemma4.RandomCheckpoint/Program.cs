using Gemma4.RandomCheckpoint;

if (args.Length is not (4 or 5))
{
    Console.Error.WriteLine("""
        Gemma4.RandomCheckpoint CONFIG_DIR TENSORS_JSON TOKENIZER_JSON OUT_DIR [SEED]
          CONFIG_DIR      config.json, generation_config.json, chat_template.jinja, ... of the model to imitate
          TENSORS_JSON    {"used": {"tensor name": [shape], ...}}
          TOKENIZER_JSON  tokenizer.json or tokenizer.json.gz
        Example, 10 GB:
          dotnet run -c Release --project bench/Gemma4.RandomCheckpoint -- ../shared/reference/configs/gemma-4-E2B-it \
            ../shared/reference/tensors/gemma-4-E2B-it.json ../shared/reference/tokenizer/tokenizer.json.gz /tmp/random-E2B
        """);
    return 2;
}
RandomCheckpoint.Write(args[0], args[1], args[2], args[3], args.Length == 5 ? int.Parse(args[4]) : 1);
return 0;
