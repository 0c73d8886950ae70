namespace Sunet.Architecture.Tests.Model;

/// <summary>Finds circles in a graph of names.</summary>
internal static class Circles
{
    /// <summary>
    /// Finds the strongly connected components of two or more nodes (Tarjan's algorithm): sets in which every node reaches every
    /// other. The largest comes first, and the nodes of each are sorted.
    /// </summary>
    public static IReadOnlyList<IReadOnlyList<string>> Find(IEnumerable<(string From, string To)> arrows)
    {
        Dictionary<string, List<string>> graph = [];
        foreach ((string from, string to) in arrows.Distinct())
        {
            if (!graph.TryGetValue(from, out List<string>? next))
                graph[from] = next = [];
            next.Add(to);
        }
        Search search = new(graph);
        foreach (string node in graph.Keys.Order(StringComparer.Ordinal))
            search.Start(node);
        return [.. search.Found.OrderByDescending(c => c.Count).ThenBy(c => c[0], StringComparer.Ordinal)];
    }

    private sealed class Search(Dictionary<string, List<string>> graph)
    {
        private readonly Dictionary<string, int> _order = [];
        private readonly Dictionary<string, int> _lowest = [];
        private readonly Stack<string> _path = [];
        private readonly HashSet<string> _onPath = [];

        public List<IReadOnlyList<string>> Found { get; } = [];

        public void Start(string node)
        {
            if (!_order.ContainsKey(node))
                Visit(node);
        }

        private void Visit(string node)
        {
            _order[node] = _lowest[node] = _order.Count;
            _path.Push(node);
            _onPath.Add(node);
            foreach (string next in graph.GetValueOrDefault(node) ?? [])
            {
                if (!_order.TryGetValue(next, out int order))
                {
                    Visit(next);
                    _lowest[node] = Math.Min(_lowest[node], _lowest[next]);
                }
                else if (_onPath.Contains(next))
                    _lowest[node] = Math.Min(_lowest[node], order);
            }
            if (_lowest[node] == _order[node])
                Close(node);
        }

        private void Close(string root)
        {
            List<string> component = [];
            string node;
            do
            {
                node = _path.Pop();
                _onPath.Remove(node);
                component.Add(node);
            }
            while (node != root);
            if (component.Count > 1)
                Found.Add([.. component.Order(StringComparer.Ordinal)]);
        }
    }
}
