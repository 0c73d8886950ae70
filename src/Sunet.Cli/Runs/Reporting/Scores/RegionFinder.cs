namespace Sunet.Cli.Runs.Reporting.Scores;

/// <summary>Finds the regions of a map of keys: pixels of one key that touch each other above, below or beside.</summary>
internal static class RegionFinder
{
    /// <summary>Finds all regions, in the order of their first pixels.</summary>
    /// <param name="keys">[H * W], row by row; 0 belongs to no region.</param>
    /// <param name="width">The pixels of a row.</param>
    /// <param name="weights">Summed for every region, [H * W]; empty where there are none.</param>
    public static IReadOnlyList<Region> Find(ReadOnlySpan<ushort> keys, int width, ReadOnlySpan<float> weights = default)
    {
        var runs = new List<Run>();
        int above = 0, current = 0;
        for (int start = 0; start < keys.Length; start += width)
        {
            AddRuns(keys.Slice(start, width), start, runs);
            Join(runs, above, current, width);
            (above, current) = (current, runs.Count);
        }

        var regions = new Dictionary<int, Region>();
        for (int i = 0; i < runs.Count; i++)
        {
            Run run = runs[i];
            int root = Root(runs, i);
            double sum = 0;
            if (!weights.IsEmpty)
            {
                foreach (float weight in weights.Slice(run.Start, run.Length))
                    sum += weight;
            }

            (int row, int column) = Math.DivRem(run.Start, width);
            regions[root] = regions.TryGetValue(root, out Region? region)
                ? With(region, row, column, run.Length, sum)
                : new Region(run.Key, run.Length, column, row, run.Length, 1, sum);
        }

        return [.. regions.OrderBy(region => region.Key).Select(region => region.Value)];
    }

    private static Region With(Region region, int row, int column, int length, double sum)
    {
        int left = Math.Min(region.Left, column), right = Math.Max(region.Left + region.Width, column + length);
        return new Region(region.Key, region.Pixels + length, left, region.Top, right - left, row + 1 - region.Top, region.WeightSum + sum);
    }

    private static void AddRuns(ReadOnlySpan<ushort> row, int start, List<Run> runs)
    {
        int x = row.IndexOfAnyExcept((ushort)0);
        while (x >= 0 && x < row.Length)
        {
            ushort key = row[x];
            int length = row[x..].IndexOfAnyExcept(key);
            if (length < 0)
                length = row.Length - x;
            runs.Add(new Run(key, start + x, length, runs.Count));
            x += length;
            int gap = row[x..].IndexOfAnyExcept((ushort)0);
            x = gap < 0 ? row.Length : x + gap;
        }
    }

    /// <summary>Joins the runs of a row with those of the row above that they touch.</summary>
    private static void Join(List<Run> runs, int above, int current, int width)
    {
        int i = above, j = current;
        while (i < current && j < runs.Count)
        {
            Run upper = runs[i], lower = runs[j];
            int upperStart = upper.Start + width, upperEnd = upperStart + upper.Length, lowerEnd = lower.Start + lower.Length;
            if (upper.Key == lower.Key && upperStart < lowerEnd && lower.Start < upperEnd)
            {
                int a = Root(runs, i), b = Root(runs, j);
                int first = Math.Min(a, b), other = Math.Max(a, b);
                runs[other] = runs[other] with { Parent = first };
            }

            if (upperEnd <= lowerEnd)
                i++;
            else
                j++;
        }
    }

    private static int Root(List<Run> runs, int index)
    {
        while (runs[index].Parent != index)
        {
            int parent = runs[index].Parent, grandparent = runs[parent].Parent;
            runs[index] = runs[index] with { Parent = grandparent };
            index = grandparent;
        }

        return index;
    }

    private readonly record struct Run(ushort Key, int Start, int Length, int Parent);
}
