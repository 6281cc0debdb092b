"""Search over a corpus: `build` makes a folder, `Searcher.open` asks it. Import the names from their own files:

    text2svg.search.build     build, BuildOptions
    text2svg.search.searcher  Searcher, Hit, Lookup
    text2svg.search.columns   Filters
    text2svg.search.index     Index

Importing this package loads nothing heavy.
"""
