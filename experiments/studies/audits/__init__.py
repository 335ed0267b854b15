"""Would an audit of random parts notice a schemer?"""
