using System.Collections.Immutable;
using System.IO.Compression;
using System.Text;
using Gemma4.Engine.Audio;
using Gemma4.Engine.Requests;
using Gemma4.Server.OpenAI.Audio;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Mapping.Audio;

/// <summary>Gathers what was heard in the windows of an audio clip; the text is the same whether it is read whole or piece by piece.</summary>
/// <param name="windows">The windows.</param>
/// <param name="endTokenIds">Tokens that say that nothing more is said.</param>
internal sealed class Transcript(ImmutableArray<AudioWindow> windows, ImmutableArray<int> endTokenIds)
{
    private readonly StringBuilder _text = new();
    private readonly StringBuilder[] _texts = [.. windows.Select(_ => new StringBuilder())];
    private readonly double?[] _silence = new double?[windows.Length];
    private string _blanks = "";
    private bool _begins = true;
    private int _window;

    /// <summary>All that was said so far, a blank between windows.</summary>
    public string Text => _text.ToString();

    /// <summary>Takes a piece of what was generated.</summary>
    /// <returns>What it adds to <see cref="Text"/>. Blanks wait for the word behind them, so that none stand at either end.</returns>
    public string Add(SequenceEvent item)
    {
        if (_silence[item.Index] is null && item.Logprobs is [var (_, first), ..])
            _silence[item.Index] = first.Top.Where(t => endTokenIds.Contains(t.TokenId)).Sum(t => Math.Exp(t.Logprob));
        if (item.Event is not GenerationEvent.Content content)
            return "";
        _texts[item.Index].Append(content.Text);
        if (item.Index != _window)
            (_window, _begins, _blanks) = (item.Index, true, _text.Length > 0 ? " " : "");
        string piece = _blanks + (_begins ? content.Text.TrimStart() : content.Text);
        string delta = piece.TrimEnd();
        _blanks = piece[delta.Length..];
        _begins &= delta.Length == 0;
        _text.Append(delta);
        return delta;
    }

    /// <summary>One segment a window.</summary>
    /// <param name="parts">The windows' generations.</param>
    public TranscriptionSegment[] Segments(IReadOnlyList<Generation> parts) => [.. windows.Select((window, i) => Segment(window, i, parts[i]))];

    private TranscriptionSegment Segment(AudioWindow window, int index, Generation part)
    {
        SequenceProgress sequence = part.Sequences[0];
        string text = _texts[index].ToString().Trim();
        double mean = sequence.SumLogprobs / Math.Max(1, sequence.TokenIds.Count);
        return new TranscriptionSegment
        {
            Id = index,
            Seek = (int)Math.Round(window.Start.TotalSeconds * 100),
            Start = window.Start.TotalSeconds,
            End = (window.Start + window.Duration).TotalSeconds,
            Text = text,
            Tokens = sequence.TokenIds,
            Temperature = part.Request.Sampling.Temperature,
            AvgLogprob = mean,
            CompressionRatio = CompressionRatio(text),
            // Where nothing was said, the end is all that was generated.
            NoSpeechProb = _silence[index] ?? Math.Exp(sequence.SumLogprobs),
        };
    }

    private static double CompressionRatio(string text)
    {
        if (text.Length == 0)
            return 1;
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        using var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
            zlib.Write(bytes);
        return (double)bytes.Length / compressed.Length;
    }
}
