using NrSer.Core.Enhancement;
using NrSer.Core.Snr;

namespace NrSer.Core.Reconstitution;

/// <summary>
/// A small enhancer with its SNR-level block that hears everything first. Noise alone, and speech so clean that its mix is the original, need no
/// larger enhancer: the screen's word stands. The rest is judged by the larger one and its own block alone.
/// </summary>
/// <param name="Enhancer">The small one.</param>
/// <param name="SnrLevel">Its block.</param>
public sealed record Screen(ISpeechEnhancer Enhancer, SnrLevelBlock SnrLevel);
