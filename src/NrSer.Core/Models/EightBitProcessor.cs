using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace NrSer.Core.Models;

/// <summary>Whether a processor multiplies and adds numbers of eight bits in one instruction, with sums of 32.</summary>
/// <remarks>
/// Without (Intel SDM: VPMADDUBSW), x86 adds pairs of products in 16 bits, which do not hold them: networks of eight bits would be wrong there, and
/// are hardly faster.
/// </remarks>
public static class EightBitProcessor
{
    private const int Features = 7; // leaf of CPUID

    /// <summary>Whether this one does: AVX512-VNNI, AVX-VNNI or AMX; on ARM its dot products.</summary>
    public static bool IsThis { get; } = Dp.IsSupported || HasVectorProducts();

    private static bool HasVectorProducts()
    {
        if (!X86Base.IsSupported || X86Base.CpuId(0, 0).Eax < Features)
            return false;
        (_, _, int ecx, int edx) = X86Base.CpuId(Features, 0);
        bool avx512 = (ecx & (1 << 11)) != 0, amx = (edx & (1 << 25)) != 0, avx = (X86Base.CpuId(Features, 1).Eax & (1 << 4)) != 0;
        return ((avx512 || amx) && Avx512F.IsSupported) || (avx && Avx2.IsSupported); // what .NET knows, the operating system lets us use
    }
}
