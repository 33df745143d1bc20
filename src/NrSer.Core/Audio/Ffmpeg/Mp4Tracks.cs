using System.Buffers.Binary;

namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>Reads the index of an MP4, 3GP or QuickTime file: ISO/IEC 14496-12.</summary>
internal static class Mp4Tracks
{
    private const int MaxBoxes = 100_000; // in all: a hostile file holds millions

    private static readonly HashSet<string> s_parents = ["moov", "trak", "mdia", "minf", "stbl", "edts", "moof"];

    /// <summary>Finds the tracks with sound.</summary>
    /// <param name="file">The whole file; left anywhere.</param>
    /// <returns>
    /// In the order of the file; empty where there is no index that makes sense: then ffmpeg will say why. And the share of its fragments that is
    /// missing by their numbers, 0 where these make no sense.
    /// </returns>
    public static (IReadOnlyList<Mp4Track> Tracks, double LostShare) Find(Stream file)
    {
        List<Track> tracks = [];
        long fragments = 0, lostFragments = 0;
        uint lastNumber = uint.MaxValue;
        long movieTimescale = 0;
        int boxes = 0;
        Walk(0, file.Length);
        return ([.. tracks.Where(track => track.IsSound).Select(track => track.Describe(movieTimescale))],
            lostFragments <= fragments ? lostFragments / Math.Max(1.0, fragments + lostFragments) : 0);

        void Walk(long at, long end)
        {
            Span<byte> header = stackalloc byte[16];
            while (at + 8 <= end && boxes++ < MaxBoxes)
            {
                file.Position = at;
                int read = file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
                if (read < 8)
                    return;
                long bytes = BinaryPrimitives.ReadUInt32BigEndian(header);
                int headerBytes = 8;
                if (bytes == 1 && read == 16)
                    (bytes, headerBytes) = (BinaryPrimitives.ReadInt64BigEndian(header[8..]), 16);
                long boxEnd = bytes == 0 ? end : at + bytes;
                if (bytes != 0 && (bytes < headerBytes || boxEnd > end))
                    return;
                string name = System.Text.Encoding.Latin1.GetString(header[4..8]);
                if (name == "trak")
                    tracks.Add(new Track());
                if (s_parents.Contains(name))
                    Walk(at + headerBytes, boxEnd);
                else if (name is "mvhd" or "tkhd" or "mdhd" or "hdlr" or "elst" or "stsd" or "mfhd")
                    Parse(name, ReadBody(at + headerBytes, boxEnd));
                at = boxEnd;
            }
        }

        byte[] ReadBody(long at, long end)
        {
            byte[] body = new byte[Math.Min(end - at, 4096)]; // more edits than that are not believed
            file.Position = at;
            return body[..file.ReadAtLeast(body, body.Length, throwOnEndOfStream: false)];
        }

        void Parse(string name, byte[] body)
        {
            if (name == "mvhd")
                movieTimescale = Timing(body).Timescale;
            else if (name == "mfhd")
                Count(body);
            else if (tracks.Count > 0)
                tracks[^1].Parse(name, body);
        }

        void Count(ReadOnlySpan<byte> body)
        {
            if (body.Length < 8)
                return;
            uint number = BinaryPrimitives.ReadUInt32BigEndian(body[4..]);
            fragments++;
            if (number > lastNumber)
                lostFragments += number - lastNumber - 1;
            lastNumber = number;
        }
    }

    /// <summary>Chooses what is heard: of the tracks that players would play the longest, the first of equals.</summary>
    /// <param name="tracks">All with sound.</param>
    /// <param name="number">The one wanted, from 0, or null. Receives the choice where there is one.</param>
    public static Mp4Track? Choose(IReadOnlyList<Mp4Track> tracks, ref int? number)
    {
        if (number is null && tracks.Count > 1)
        {
            bool isAnyEnabled = tracks.Any(track => track.IsEnabled);
            number = Enumerable.Range(0, tracks.Count).Where(i => tracks[i].IsEnabled || !isAnyEnabled).MaxBy(i => tracks[i].Seconds ?? 0);
        }

        int heard = number ?? 0;
        return heard < tracks.Count ? tracks[heard] : null;
    }

    // Version 0 has times of 4 bytes, version 1 of 8: made, changed, units per second (always 4), length.
    private static (long Timescale, long Duration) Timing(ReadOnlySpan<byte> body)
    {
        bool isLong = body.Length > 0 && body[0] == 1;
        if (body.Length < (isLong ? 32 : 20))
            return default;
        return isLong
            ? (BinaryPrimitives.ReadUInt32BigEndian(body[20..]), BinaryPrimitives.ReadInt64BigEndian(body[24..]))
            : (BinaryPrimitives.ReadUInt32BigEndian(body[12..]), BinaryPrimitives.ReadUInt32BigEndian(body[16..]));
    }

    private sealed class Track
    {
        private bool _isEnabled;
        private (long Timescale, long Duration) _media;
        private long _editedUnits;
        private int _edits;
        private int _amrFramesPerSample = 1;

        public bool IsSound { get; private set; }

        public void Parse(string name, ReadOnlySpan<byte> body)
        {
            if (name == "tkhd" && body.Length >= 4)
                _isEnabled = (body[3] & 1) != 0;
            else if (name == "hdlr" && body.Length >= 12)
                IsSound |= body[8..12].SequenceEqual("soun"u8); // QuickTime has a second one, of another kind
            else if (name == "mdhd")
                _media = Timing(body);
            else if (name == "elst" && body.Length >= 8)
                ParseEdits(body);
            else if (name == "stsd")
                ParseAmr(body);
        }

        public Mp4Track Describe(long movieTimescale)
        {
            bool hasEdits = _edits > 0 && _editedUnits > 0 && movieTimescale > 0;
            double? seconds = hasEdits ? _editedUnits / (double)movieTimescale
                : _media is { Timescale: > 0, Duration: > 0 and < uint.MaxValue } ? _media.Duration / (double)_media.Timescale : null;
            return new(_isEnabled, seconds, hasEdits, _amrFramesPerSample);
        }

        private void ParseAmr(ReadOnlySpan<byte> body)
        {
            const int AmrFramesAt = 4 + 4 + 1 + 2 + 1; // 3GPP TS 26.244, AMRSpecificBox: its name, vendor, decoder, modes, changes of mode

            int amr = body.IndexOf("damr"u8);
            if (amr >= 0 && amr + AmrFramesAt < body.Length)
                _amrFramesPerSample = body[amr + AmrFramesAt];
        }

        // Each edit: how long it is to be played, from where in the track, or −1 for nothing, how fast.
        private void ParseEdits(ReadOnlySpan<byte> body)
        {
            bool isLong = body[0] == 1;
            int entryBytes = isLong ? 20 : 12;
            uint count = BinaryPrimitives.ReadUInt32BigEndian(body[4..]);
            ReadOnlySpan<byte> entries = body[8..];
            for (; count > 0 && entries.Length >= entryBytes; count--, entries = entries[entryBytes..])
            {
                long units = isLong ? BinaryPrimitives.ReadInt64BigEndian(entries) : BinaryPrimitives.ReadUInt32BigEndian(entries);
                _edits++;
                _editedUnits = units < 0 || units > long.MaxValue / 2 || _editedUnits > long.MaxValue / 2 ? 0 : _editedUnits + units;
            }

            if (count > 0)
                _edits = 0; // not all of them were seen
        }
    }
}

/// <summary>A track with sound of an MP4, as its index describes it.</summary>
/// <param name="IsEnabled">Players play it unless told otherwise: what ffmpeg calls default.</param>
/// <param name="Seconds">How long it is to be played, from the file's zero on; null where that is not stated, as in fragmented files.</param>
/// <param name="HasEdits">The length is that of an edit list, which leaves out what an encoder filled up.</param>
/// <param name="AmrFramesPerSample">Of AMR, how many of its frames are packed into each sample of the track.</param>
internal sealed record Mp4Track(bool IsEnabled, double? Seconds, bool HasEdits, int AmrFramesPerSample);
