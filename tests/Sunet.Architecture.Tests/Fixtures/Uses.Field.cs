namespace Sunet.Architecture.Tests.Fixtures;

internal sealed partial class Uses
{
    private Used? _field;

    public bool Clear()
    {
        bool filled = _field is not null;
        _field = null;
        return filled;
    }
}
