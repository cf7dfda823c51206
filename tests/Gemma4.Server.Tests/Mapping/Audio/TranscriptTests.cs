using System.Collections.Immutable;
using Gemma4.Engine.Audio;
using Gemma4.Engine.Requests;
using Gemma4.Server.Mapping.Audio;
using Gemma4.Server.Streaming;
using Xunit;

namespace Gemma4.Server.Tests.Mapping.Audio;

public sealed class TranscriptTests
{
    private static readonly string[] Windows = [" Hello,  world. ", "\n", "", " How\nare", "you? \n"];

    [Fact]
    public void Text_is_the_same_however_it_is_cut()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var transcript = new Transcript([.. Windows.Select(_ => new AudioWindow(default, default, 1, default, default))], []);
            string streamed = "";
            for (int window = 0; window < Windows.Length; window++)
            {
                for (int at = 0; at < Windows[window].Length;)
                {
                    int length = random.Next(1, Windows[window].Length - at + 1);
                    streamed += transcript.Add(new SequenceEvent(window, new GenerationEvent.Content(Windows[window].Substring(at, length)), []));
                    at += length;
                }
            }
            Assert.Equal("Hello,  world. How\nare you?", streamed);
            Assert.Equal(streamed, transcript.Text);
        }
    }
}
