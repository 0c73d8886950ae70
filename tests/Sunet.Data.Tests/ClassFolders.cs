using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests;

/// <summary>Small data sets for classification, and the odd files that ImageNet has.</summary>
internal static class ClassFolders
{
    /// <summary>16 x 16, CMYK with Adobe's marker: the left half (226, 53, 34) and the right half (49, 119, 207) in RGB.</summary>
    public const string CmykJpeg =
        "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAGBAUGBQQGBgUGBwcGCAoQCgoJCQoUDg8MEBcUGBgXFBYWGh0lHxobIxwWFiAsICMmJykqKRkfLTAtKDAlKCko/8AA"
        + "FAgAEAAQBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQci"
        + "cRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqi"
        + "o6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4EQwBNAFkASwAAPwD6Prx6vA6+nK+D69qr9C6xK+8K"
        + "8Vr89K26+D69qr9C6xK+/9k=";

    /// <summary>24 x 8, grey, with an EXIF orientation that asks for a quarter turn.</summary>
    public const string TurnedJpeg =
        "/9j/4AAQSkZJRgABAQAAAQABAAD/4QAiRXhpZgAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVl"
        + "ZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/wAALCAAIABgBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgED"
        + "AwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZn"
        + "aGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEB"
        + "AAA/AK9FFf/Z";

    /// <summary>Two splits of the classes n01 and n02: three and two training images, one and one for validation, all different.</summary>
    public static TestFolder Create()
    {
        var folder = new TestFolder();
        string[] files = ["train/n01/a", "train/n01/b", "train/n01/c", "train/n02/d", "train/n02/e", "val/n01/f", "val/n02/g"];
        for (int i = 0; i < files.Length; i++)
            ImageWriter.WriteJpeg(folder.At([.. (files[i] + ".JPEG").Split('/')]), Picture(20 + i, 26 + (3 * i), i));
        return folder;
    }

    /// <summary>Smooth colours, of which no two seeds have the same.</summary>
    public static Rgb[,] Picture(int height, int width, int seed)
    {
        var image = new Rgb[height, width];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
                image[y, x] = new Rgb((byte)(40 + (30 * seed)), (byte)(255 * y / height), (byte)(255 * x / width));
        }

        return image;
    }
}
